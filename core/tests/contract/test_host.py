import pytest

from wren_core.contract.host import NoHost
from wren_core.errors import HostUnavailable, InternalError


def test_without_a_host_every_operation_is_unavailable():
    with pytest.raises(HostUnavailable, match=r"no host answers 'messages\.send' here") as caught:
        NoHost().request("messages.send", {"body": "x"})

    assert isinstance(caught.value, InternalError)
