"""The child of a trial, `python -m wren_core.plugins.trial_child`: it reads a job and writes messages.

A message is one line of JSON: `{"begin": name}` before an import, then `{"end": name, "code": "", "reason": ""}`.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from importlib_metadata import EntryPoint, PathDistribution

from wren_core.plugins.loading import load_integration
from wren_core.plugins.refusal import RefusedError
from wren_core.schemas.validator import Validator


def main() -> None:
    """Import the entry points of the job, one after the other, and report each."""
    job = json.loads(sys.stdin.buffer.read())
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a plugin may print
    sys.path[:] = job["path"]
    Validator({"type": "object"})  # what every check imports does not count as the first plugin's time
    for fields in job["points"]:
        _send(messages, {"begin": fields["name"]})
        code, reason = _try(fields, timedelta(seconds=job["seconds"]))
        _send(messages, {"end": fields["name"], "code": code, "reason": reason})
    os._exit(0)  # a hanging thread or an exit handler of a plugin must not delay the host


def _try(fields: dict[str, Any], time_limit: timedelta) -> tuple[str, str]:
    point = EntryPoint(name=fields["name"], value=fields["value"], group=fields["group"])
    if fields["folder"] is not None:
        vars(point).update(dist=PathDistribution(Path(fields["folder"])))
    try:
        load_integration(point, time_limit)
    except RefusedError as exc:
        return exc.code, str(exc)
    return "", ""


def _send(messages: TextIO, message: dict[str, str]) -> None:
    messages.write(json.dumps(message) + "\n")
    messages.flush()


if __name__ == "__main__":
    main()
