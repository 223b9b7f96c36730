"""A child process that serves a plugin's fakes: `python -m wren.authoring.fake_server`.

It reads one JSON line, `{"fakes": {name: "module:Class"}, "ports": {name: 49152}}`, prints one with the address and
the credentials of each fake, and serves until a signal ends it.
"""

import json
import sys
import threading
from contextlib import ExitStack, redirect_stdout
from typing import Any

from importlib_metadata import EntryPoint

from wren.authoring.project import FAKES
from wren_core.testing import serve


def main() -> None:
    """Serve until a signal comes."""
    request = json.loads(sys.stdin.readline())
    with ExitStack() as stack:
        with redirect_stdout(sys.stderr):
            answer = {
                name: _start_fake(stack, EntryPoint(name, value, FAKES), request["ports"][name])
                for name, value in request["fakes"].items()
            }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        threading.Event().wait()


def _start_fake(stack: ExitStack, point: EntryPoint, port: int) -> dict[str, Any]:
    try:
        fake = point.load()()
        url = stack.enter_context(serve(fake, port=port))
        return {"url": url, **_describe_fake(fake, url)}
    except Exception as exc:  # noqa: BLE001 - the boundary at which a broken fake stops; its author reads why
        return {"failed": f"{type(exc).__name__}: {exc}"}


def _describe_fake(fake: Any, url: str) -> dict[str, Any]:
    """Return the credentials and settings a fake accepts, and the endpoints of its OAuth server."""
    oauth = getattr(fake, "oauth", None)
    return {
        "credentials": fake.credentials(),
        "configuration": fake.configuration(url),
        "oauth": None
        if oauth is None
        else {
            "client_id": oauth.client_id,
            "client_secret": oauth.client_secret,
            "authorization_url": url + oauth.authorize_path,
            "token_url": url + oauth.token_path,
            "revoke_url": url + oauth.revoke_path,
        },
    }


if __name__ == "__main__":
    main()
