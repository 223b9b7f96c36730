import json

import pytest
from pydantic import ValidationError

from wren_core.contract.credentials import Credentials
from wren_core.contract.request_binding import Constant, Placement, RequestBinding
from wren_core.contract.spec import MethodSpec
from wren_core.declarative.request import RequestContext, build_request
from wren_core.errors import AuthFailed, ConfigInvalid, CredentialMissing, InvalidInput


def built(arguments, *, schema=None, config=None, credentials=None, **binding):
    properties = {name: {} for name in arguments} | (schema or {})
    method = MethodSpec(
        id="call", name="Call", description="Call.", input_schema={"type": "object", "properties": properties}
    )
    around = RequestContext(config=config or {}, credentials=Credentials(credentials or {}))
    return build_request(method, RequestBinding(**binding), arguments, around)


def test_every_argument_is_where_the_binding_says():
    request = built(
        {"id": "a/b", "tags": ["x", "y"], "tenant": "t1", "title": "Tea", "note": None},
        method="POST",
        path="/things/{id}",
        placements=(
            Placement(argument="tags", place="query", explode=False),
            Placement(argument="tenant", place="header", name="X-Tenant"),
            Placement(argument="note", place="body", name="/meta/note"),
        ),
    )

    assert (request.method, request.path) == ("POST", "/things/a%2Fb")
    assert request.query == "tags=x,y"
    assert request.headers == {
        "accept": "application/json",
        "x-tenant": "t1",
        "content-type": "application/json",
    }
    assert json.loads(request.content) == {"title": "Tea", "meta": {"note": None}}


@pytest.mark.parametrize("value", ["..", ".", "", None])
def test_a_value_cannot_lead_out_of_its_path(value):
    with pytest.raises(InvalidInput) as caught:
        built({"id": value}, method="GET", path="/things/{id}/parts")

    assert caught.value.details["pointer"] == "/id"


def test_two_values_that_only_together_lead_upwards_are_refused_too():
    with pytest.raises(InvalidInput):
        built({"a": ".", "b": "."}, method="GET", path="/things/{a}{b}")


@pytest.mark.parametrize("value", ["..%2f", "%2e%2e", "../x", "a\\..", "\r\nHost: evil", "?x=1", "#"])
def test_whatever_a_value_holds_it_stays_one_segment(value):
    path = built({"id": value}, method="GET", path="/things/{id}").path

    assert path.count("/") == 2
    assert not set(path) & set("?#\\\r\n")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "naïve"])
def test_a_value_cannot_break_out_of_a_header(value):
    with pytest.raises(InvalidInput, match="printable ASCII") as caught:
        built(
            {"tenant": value},
            method="GET",
            path="/things",
            placements=(Placement(argument="tenant", place="header"),),
        )

    assert caught.value.details["pointer"] == "/tenant"


def test_constants_come_from_the_definition_the_configuration_and_the_credentials():
    request = built(
        {},
        method="GET",
        path="/{region}/things",
        constants=(
            Constant(place="query", name="version", value=3),
            Constant(place="header", name="X-Tenant", config="tenant"),
            Constant(place="header", name="Authorization", credential="token", prefix="Token "),
            Constant(place="path", name="region", config="region"),
        ),
        config={"tenant": "t1", "region": "eu"},
        credentials={"token": "secret-token"},
    )

    assert (request.path, request.query) == ("/eu/things", "version=3")
    assert (request.headers["x-tenant"], request.headers["authorization"]) == ("t1", "Token secret-token")
    assert "secret-token" not in repr(request)


def test_the_missing_value_of_a_constant_is_reported():
    tenant = Constant(place="header", name="X-Tenant", config="tenant")
    key = Constant(place="query", name="key", credential="api_key")

    with pytest.raises(ConfigInvalid, match=r"init\(tenant=\.\.\.\)"):
        built({}, method="GET", path="/x", constants=(tenant,))
    with pytest.raises(CredentialMissing, match="api_key"):
        built({}, method="GET", path="/x", constants=(key,))


def test_a_constant_that_no_header_can_hold_is_reported_at_its_source_and_not_shown():
    tenant = Constant(place="header", name="X-Tenant", config="tenant")
    key = Constant(place="header", name="X-Key", credential="api_key")

    with pytest.raises(ConfigInvalid, match="X-Tenant"):
        built({}, method="GET", path="/x", constants=(tenant,), config={"tenant": "a\nb"})
    with pytest.raises(AuthFailed) as caught:
        built({}, method="GET", path="/x", constants=(key,), credentials={"api_key": "secret\nvalue"})
    assert "secret" not in str(caught.value)


def test_a_form_writes_fields_and_objects_as_their_style_says():
    request = built(
        {"text": "Hello & bye", "tags": ["a", "b"], "blocks": [{"t": 1}], "meta": {"a": 1}, "deep": {"b": {"c": 2}}},
        method="POST",
        path="/send",
        body="form",
        placements=(Placement(argument="deep", place="body", style="deepObject"),),
    )

    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.content == (
        b"text=Hello+%26+bye&tags=a&tags=b&blocks=%7B%22t%22%3A+1%7D&meta=%7B%22a%22%3A+1%7D&deep%5Bb%5D%5Bc%5D=2"
    )


BYTES = {"file": {"type": "string", "contentEncoding": "base64"}}


def test_bytes_leave_base64_behind_in_files_and_raw_bodies():
    upload = built({"file": "AP8=", "name": "x"}, schema=BYTES, method="POST", path="/f", body="multipart")
    raw = built({"file": "AP8="}, schema=BYTES, method="PUT", path="/f", body="raw")

    assert upload.files[0] == ("file", ("file", b"\x00\xff", "application/octet-stream"))
    assert (raw.content, raw.headers["content-type"]) == (b"\x00\xff", "application/octet-stream")


def test_invalid_base64_is_refused():
    with pytest.raises(InvalidInput, match="pass bytes") as caught:
        built({"file": "no base64!"}, schema=BYTES, method="PUT", path="/f", body="raw")

    assert caught.value.details["pointer"] == "/file"


@pytest.mark.parametrize(
    ("body", "content_type", "sent"),
    [
        ("json", "application/merge-patch+json", b'{"note": "T\\u00e9"}'),
        ("form", "application/x-www-form-urlencoded; charset=utf-8", b"note=T%C3%A9"),
        ("raw", "text/csv; charset=utf-8", "Té".encode()),
        ("raw", 'text/csv; charset="ISO-8859-1"; header=present', b"T\xe9"),
        ("raw", "text/csv; charset=unknown", "Té".encode()),
    ],
)
def test_the_declared_media_type_is_sent(body, content_type, sent):
    request = built({"note": "Té"}, method="PATCH", path="/x", body=body, content_type=content_type)

    assert (request.headers["content-type"], request.content) == (content_type, sent)


def test_a_text_outside_the_declared_charset_is_refused():
    with pytest.raises(InvalidInput, match="iso-8859-1, which has no '€'") as caught:
        built({"note": "5 €"}, method="PUT", path="/x", body="raw", content_type="text/csv; charset=iso-8859-1")

    assert caught.value.details["pointer"] == "/note"


def test_the_declared_media_type_is_asked_for():
    assert built({}, method="GET", path="/x", accept="text/csv").headers["accept"] == "text/csv"
    assert built({}, method="GET", path="/x").headers["accept"] == "application/json"


@pytest.mark.parametrize("value", ["a/b\nX-Evil: 1", "json", " a/b", "a/b\r", "ä/b"])
def test_a_media_type_stays_in_its_header(value):
    with pytest.raises(ValidationError):
        RequestBinding(method="GET", path="/x", accept=value)


def test_a_file_of_an_array_is_decoded_like_a_single_one():
    schema = {"files": {"type": "array", "items": BYTES["file"]}}
    request = built({"files": ["AP8=", "AQ=="]}, schema=schema, method="POST", path="/f", body="multipart")

    assert [(name, content) for name, (_, content, _) in request.files] == [("files", b"\x00\xff"), ("files", b"\x01")]


@pytest.mark.parametrize("value", [[1, {"a": None}], "text", None, 0])
def test_a_whole_body_is_the_value_itself(value):
    request = built(
        {"body": value}, method="PUT", path="/x", placements=(Placement(argument="body", place="body", name=""),)
    )

    assert json.loads(request.content) == value


def test_a_body_without_values_is_an_empty_object_and_a_request_may_have_no_body():
    empty = built({}, schema={"title": {}}, method="POST", path="/x")
    none = built({}, method="POST", path="/x")

    assert (empty.content, none.content) == (b"{}", None)


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_configured_part_of_the_path_that_leads_elsewhere_is_blamed_on_the_configuration(value):
    constants = (Constant(place="path", name="tenant", config="branch"),)

    with pytest.raises(ConfigInvalid, match=r"'branch': .* would lead to another address"):
        built({}, method="GET", path="/{tenant}/things", constants=constants, config={"branch": value})
