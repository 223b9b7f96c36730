import pytest

from wren_backend.executor.executor import Executor
from wren_backend.executor.port import Confinement, SandboxStatus
from wren_backend.executor.refusing_sandbox import RefusingSandbox, SandboxUnavailable
from wren_core.protocol.jobs import DescribeJob

STATUS = SandboxStatus(available=False, backend="sandlock", reason="this kernel has no Landlock", landlock_abi=0)


def test_it_says_that_it_is_none_and_why():
    sandbox = RefusingSandbox(STATUS)

    assert sandbox.isolation == "refused"
    assert sandbox.status() == STATUS


def test_nothing_is_launched_and_the_error_says_what_an_operator_can_do(tmp_path):
    with pytest.raises(SandboxUnavailable) as caught:
        RefusingSandbox(STATUS).launch(Confinement(), folder=tmp_path)

    assert (caught.value.type, caught.value.code) == ("InternalError", "SANDBOX_UNAVAILABLE")
    assert caught.value.message.startswith("scripts are not run here: this kernel has no Landlock. ")
    assert "WREN_SANDBOX=none" in caught.value.message


def test_a_script_is_not_even_read_and_leaves_no_folder(tmp_path):
    executor = Executor(RefusingSandbox(STATUS), runs_root=tmp_path / "runs")

    with pytest.raises(SandboxUnavailable):
        executor.describe(DescribeJob(script="open('/tmp/ran', 'w')", filename="script.py"))

    assert list((tmp_path / "runs").iterdir()) == []
