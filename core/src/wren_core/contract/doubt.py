"""Whether a failed call may have been carried out: the error then says so, and that it must not simply be repeated.

A provider can do what it was asked and fail to say so: the connection breaks, the answer is a 503, the time is up. The
method's declaration says whether repeating does harm, the error says whether nothing was done, and `call` knows what
was written before. No integration has to decide it (ADR 31).
"""

from wren_core.contract.spec import MethodSpec
from wren_core.errors import HostUnavailable, InternalError, TransientError, WrenError
from wren_core.writes import DOUBT, MAY_HAVE_HAPPENED, clear_doubt, mark_doubt

_DOUBT_ABOUT_READS = "it may have been done and charged for, although the answer was lost"


def is_in_doubt(error: WrenError, method: MethodSpec, *, has_written: bool) -> bool:
    """Tell whether the call of a method that ended with this error may have been carried out.

    Args:
        error: how it ended.
        method: what was called; repeating an idempotent method does no harm.
        has_written: the call has written something before, so that it cannot be repeated as a whole.
    """
    if method.idempotent:
        return False
    if error.details.get(MAY_HAVE_HAPPENED) is True:
        return True
    if isinstance(error, InternalError):
        is_certain = method.effect == "read" or isinstance(error, HostUnavailable)
        return has_written or not is_certain
    if not error.can_retry:
        return False
    return has_written or not (isinstance(error, TransientError) and error.nothing_done)


def settle_doubt(error: WrenError, method: MethodSpec, *, has_written: bool) -> bool:
    """Let an error say whether the call may have been carried out, and return it; see `is_in_doubt`."""
    found = is_in_doubt(error, method, has_written=has_written)
    if found:
        mark_doubt(error, _DOUBT_ABOUT_READS if method.effect == "read" else DOUBT)
    elif method.idempotent:
        clear_doubt(error)
    return found
