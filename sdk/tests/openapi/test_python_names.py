import pytest

from wren.openapi import python_names
from wren_core.contract.integration import Integration


@pytest.mark.parametrize(
    ("operation_id", "verb", "path", "expected"),
    [
        ("getInvoices", "GET", "/x", "get_invoices"),
        ("issues/list-for-repo", "GET", "/x", "issues_list_for_repo"),
        ("getHTTPInfo.v2", "GET", "/x", "get_http_info_v2"),
        ("import", "POST", "/x", "import_"),
        ("close", "POST", "/x", "close_"),
        ("2fa", "POST", "/x", "call_2fa"),
        ("---", "GET", "/things/{id}", "get_things_by_id"),
        ("", "DELETE", "/a-b/{cD}.json", "delete_a_b_by_c_d_json"),
        ("x" * 90, "GET", "/x", "x" * 63),
    ],
)
def test_an_operation_gets_an_id_python_can_call(operation_id, verb, path, expected):
    found = python_names.method_id(operation_id, verb, path, python_names.UniqueNames())

    assert found == expected
    assert not hasattr(Integration, found)


def test_two_operations_of_one_name_get_different_ids():
    names = python_names.UniqueNames()
    found = [python_names.method_id(said, "GET", "/x", names) for said in ("getX2", "get_x", "getX", "get_x_2", "GetX")]

    assert found == ["get_x2", "get_x", "get_x_2", "get_x_2_2", "get_x_3"]


@pytest.mark.parametrize("name", ["x", "x" * 63])
def test_a_name_given_many_times_gets_a_number_within_the_limit_each_time(name):
    names = python_names.UniqueNames()
    found = [names.take(name) for _ in range(20_000)]

    assert len(set(found)) == len(found)
    assert max(map(len, found)) <= 64


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ("ContactID", "ContactID"),
        ("from", "from_"),
        ("X-Request-ID", "x_request_id"),
        ("filter[name]", "filter_name"),
        ("2fa", "n2fa"),
        ("_id", "id"),
        ("$", "value"),
    ],
)
def test_a_parameter_keeps_the_name_the_provider_gave_it_where_python_can_say_it(wire, expected):
    assert python_names.parameter_name(wire) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Xylo Accounting API", "xylo_accounting"),
        ("2Pay", "pay"),
        ("!!", "api"),
        ("Import", "import_"),
        ("API", "api"),
        ("CodeHub's API", "codehub_s"),
    ],
)
def test_a_title_becomes_a_name(title, expected):
    assert python_names.integration_name(title) == expected
