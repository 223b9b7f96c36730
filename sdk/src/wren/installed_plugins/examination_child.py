"""The child of an examination: `python -m wren.installed_plugins.examination_child NAME DISTRIBUTION SECONDS`.

Its last line on standard output is the answer, as JSON; what the plugin prints goes to standard error.
"""

import json
import os
import sys
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

from importlib_metadata import EntryPoint

from wren.installed_plugins.examination import MARK
from wren_core.plugins.discovery import find_entry_points, identity_of
from wren_core.plugins.loading import check_contract, load_integration
from wren_core.plugins.refusal import RefusedError
from wren_core.schemas.validator import Validator


def main() -> None:
    """Load one entry point and print the result."""
    name, distribution, seconds = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    points = [point for point in find_entry_points() if (point.name, identity_of(point)[0]) == (name, distribution)]
    _warm_up(points[0])
    answer = _load(points[0], timedelta(seconds=float(seconds)))
    answers.write(json.dumps(answer) + "\n")
    answers.close()
    os._exit(0)  # a hanging thread or an exit handler of the plugin must not delay the examination


def _warm_up(point: EntryPoint) -> None:
    """Import what every check imports, so that it does not count as this plugin's time."""
    Validator({"type": "object"})
    with suppress(RefusedError):
        check_contract(point)


def _load(point: EntryPoint, time_limit: timedelta) -> dict[str, Any]:
    sys.stderr.write(MARK + "\n")
    sys.stderr.flush()
    started = time.perf_counter()
    try:
        integration = load_integration(point, time_limit)
    except RefusedError as exc:
        return {"code": exc.code, "reason": str(exc), "seconds": time.perf_counter() - started}
    spec = integration.spec
    contacts = bool(spec.hosts or spec.config_hosts or spec.base_url)
    return {"seconds": time.perf_counter() - started, "contacts": contacts}


if __name__ == "__main__":
    main()
