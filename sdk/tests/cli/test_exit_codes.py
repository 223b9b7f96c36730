import pytest

from wren.cli import exit_codes
from wren.cli.exit_codes import Interrupted, UsageInvalid, exit_code_of
from wren_core.errors import AuthFailed, InternalError, NotFound, RateLimited, Unavailable, error_from_wire


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("no such mail"), exit_codes.FAILED),
        (RateLimited("slow down"), exit_codes.FAILED),
        (Unavailable("down"), exit_codes.FAILED),
        (UsageInvalid("no such option"), exit_codes.USAGE),
        (AuthFailed("refused"), exit_codes.PERSON_NEEDED),
        (InternalError("broken"), exit_codes.INTERNAL),
        (Interrupted("stopped"), exit_codes.INTERRUPTED),
    ],
)
def test_the_class_of_an_error_decides_the_exit_code(error, code):
    assert exit_code_of(error) == code


def test_a_transient_failure_that_the_server_reports_ends_a_command_as_a_failed_run_does():
    assert exit_code_of(error_from_wire(Unavailable("down").to_wire())) == exit_codes.FAILED
