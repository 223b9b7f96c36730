"""Another process that opens one connection from so many threads at once; prints the tokens it got, one JSON list.

Reads one JSON object: database_url, key_line, base_url, subject, now, threads. Waits for a line before it starts.
"""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import stand_in

from wren_backend.clock import ManualClock
from wren_backend.connections.credentials.service import CredentialService
from wren_backend.logs import configure_logging
from wren_backend.storage.database import open_database
from wren_backend.tenancy.auth import Subject
from wren_backend.testing import open_credentials
from wren_core.testing.patience import patience


def main() -> None:
    configure_logging(level="info", log_format="json")  # to stderr: stdout is the answer
    job = json.loads(sys.stdin.readline())
    database = open_database(job["database_url"])
    clock = ManualClock(datetime.fromisoformat(job["now"]))
    context = stand_in.make_context(database, clock=clock, key_line=job["key_line"], base_url=job["base_url"])
    service, subject = CredentialService(context), Subject(**job["subject"])
    start = threading.Barrier(job["threads"])

    def one(_: int) -> str:
        start.wait(timeout=patience(30))
        return open_credentials(service, subject, ["parcel"]).get("parcel").env["PARCEL_ACCESS_TOKEN"]

    say("ready")
    sys.stdin.readline()
    with ThreadPoolExecutor(job["threads"]) as threads:
        say(json.dumps(list(threads.map(one, range(job["threads"])))))
    database.dispose()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


main()
