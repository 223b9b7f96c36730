import pytest

from wren_core.testing import FakeProvider, FakeRequest
from wren_core.testing.faults import STATUS_FAULTS

REQUEST = FakeRequest(method="GET", path="/items")


@pytest.mark.parametrize("fault", STATUS_FAULTS, ids=lambda fault: fault.name)
def test_a_fault_affects_every_request_to_its_path_until_it_is_cancelled(fault):
    fake = FakeProvider()

    fault.inject(fake, "/items", "key")

    assert {fake.handle(REQUEST).status for _ in range(20)} == {int(fault.name)}
    assert fake.handle(FakeRequest(method="GET", path="/other")).status == 404
    fake.end_faults()
    assert fake.handle(REQUEST).status == 404


def test_only_the_401_quotes_the_credential():
    quoting = {}
    for fault in STATUS_FAULTS:
        fake = FakeProvider()
        fault.inject(fake, "", "the-key")
        quoting[fault.name] = "the-key" in fake.handle(REQUEST).body["error"]

    assert quoting == {"401": True, "403": False, "429": False, "500": False, "503": False}


def test_requested_pauses_are_zero_or_longer_than_any_client_waits():
    headers = {}
    for fault in STATUS_FAULTS:
        fake = FakeProvider()
        fault.inject(fake, "", "")
        headers[fault.name] = fake.handle(REQUEST).headers

    assert headers == {"401": {}, "403": {}, "429": {"retry-after": "1234"}, "500": {}, "503": {"retry-after": "0"}}
