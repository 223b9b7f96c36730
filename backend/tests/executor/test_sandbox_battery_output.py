"""Scripts that flood, forge and tamper: what comes out is bounded and cannot be made up."""

from typing import Any

import pytest

from wren_backend.executor.port import OutcomeStatus
from wren_backend.executor.request_server import Served

MIB = 2**20


def test_a_gigabyte_of_output_costs_the_worker_no_memory(measure: Any):
    ran = measure(
        """
        import os
        def main():
            block = b"x" * 2**16
            for _ in range(2**14):
                os.write(1, block)
            return "written"
        """,
        limits={"output_bytes": MIB, "output_budget_bytes": 2 * 2**30},
    )

    assert (ran.result, ran.output_bytes, ran.truncated, ran.said) == ("written", 2**30, True, MIB)
    assert ran.growth < 10 * MIB


def test_output_beyond_the_budget_ends_the_run(run_script: Any):
    ran = run_script(
        "def main():\n    while True:\n        print('x' * 10_000)",
        limits={"output_bytes": 1000, "output_budget_bytes": 5 * MIB},
    )

    assert (ran.outcome.status, ran.code) == (OutcomeStatus.FAILED, "OUTPUT_LIMIT_EXCEEDED")
    assert len(ran.stdout) == 1000
    # One read of either stream may pass the budget; then nothing more is read, however long the tree takes to end.
    assert 5 * MIB < ran.outcome.output_bytes <= 5 * MIB + 2 * 65536


def test_both_streams_share_one_cap(run_script: Any):
    ran = run_script(
        "import sys\ndef main():\n    print('o' * 600)\n    print('e' * 600, file=sys.stderr)",
        limits={"output_bytes": 1000},
    )

    assert len(ran.stdout) + len(ran.stderr) == 1000
    assert ran.outcome.truncated
    assert ran.outcome.output_bytes == 1202


def test_output_within_the_cap_is_whole(run_script: Any):
    ran = run_script("def main():\n    print('x' * 100_000)")

    assert (len(ran.stdout), ran.outcome.truncated) == (100_001, False)


def test_a_result_cannot_be_forged_on_stdout(run_script: Any):
    ran = run_script("""
        import os, sys
        FORGED = '{"frame":"result","value":"forged"}\\n'
        def main():
            for descriptor in (1, 2):
                os.write(descriptor, FORGED.encode())
            try:
                os.write(0, FORGED.encode())
            except OSError:
                pass
            raise ValueError("real")
    """)

    assert (ran.outcome.status, ran.code) == (OutcomeStatus.FAILED, "SCRIPT_FAILED")
    assert '"forged"' in ran.stdout


def test_a_result_without_a_clean_exit_is_no_success(run_script: Any):
    ran = run_script("""
        import atexit, os
        def main():
            atexit.register(os._exit, 3)
            return "early"
    """)

    assert (ran.outcome.status, ran.code, ran.outcome.result) == (OutcomeStatus.FAILED, "SCRIPT_EXITED", None)
    assert ran.outcome.exit_code == 3


def test_an_exit_without_a_result_is_no_success(run_script: Any):
    ran = run_script("import os\ndef main():\n    os._exit(0)")

    assert (ran.outcome.status, ran.code) == (OutcomeStatus.FAILED, "SCRIPT_EXITED")


STOLEN = """
import gc, json, os, socket
channel = next(thing for thing in gc.get_objects() if isinstance(thing, socket.socket))
def main():
    {body}
"""
TAMPERINGS = {
    "no JSON": 'channel.sendall(b"hello\\n")',
    "no frame": """channel.sendall(b'{"frame": "surprise"}\\n')""",
    "no object": 'channel.sendall(b"[]\\n")',
    "not UTF-8": 'channel.sendall(b"\\xff\\xfe\\n")',
    "deep": 'channel.sendall(b"[" * 100_000 + b"\\n")',
    "a second answer": """channel.sendall(b'{"frame": "result", "value": 1}\\n')""",
    "a long line": 'channel.sendall(b"x" * (2**20 + 1))',
    "an endless line": 'b = b"x" * 2**16\n    while True: channel.sendall(b)',
    "a flood of calls": """
    call = {"frame": "call", "integration": "a", "method": "b", "ms": 1, "outcome": "ok"}
    block = (json.dumps(call) + "\\n").encode() * 100
    while True: channel.sendall(block)
""",
    "a flood of requests": """
    n = 0
    while True:
        n += 1
        channel.sendall(json.dumps({"frame": "request", "id": n, "operation": "o"}).encode() + b"\\n")
""",
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_with_the_channel_fails_the_run_and_costs_the_worker_nothing(measure: Any, name: str):
    ran = measure(STOLEN.replace("{body}", TAMPERINGS[name]), reply={"echo": "x" * 1000})

    assert (ran.status, ran.code) == (OutcomeStatus.FAILED, "CHANNEL_VIOLATION")
    assert ran.growth < 30 * MIB


def test_a_script_that_never_reads_its_replies_holds_nothing_up(run_script: Any):
    ran = run_script(
        STOLEN.replace(
            "{body}",
            """
    for n in range(50):
        channel.sendall(json.dumps({"frame": "request", "id": n, "operation": "o"}).encode() + b"\\n")
    return "done"
""",
        ),
        serve=lambda *_: {"echo": "x" * 500_000},
    )

    assert ran.outcome.result == "done"


def test_a_script_that_closes_all_descriptors_ends(run_script: Any):
    ran = run_script("import os\ndef main():\n    os.closerange(0, 256)\n    return 1")

    assert (ran.outcome.status, ran.code) == (OutcomeStatus.FAILED, "SCRIPT_EXITED")


def test_a_script_that_replaces_its_streams_can_still_answer(run_script: Any):
    ran = run_script("""
        import os, sys
        def main():
            print("before", flush=True)
            read, write = os.pipe()
            os.dup2(write, 1)
            os.close(2)
            sys.stdin.read()
            return "answered"
    """)

    assert ran.outcome.result == "answered"
    assert ran.stdout == "before\n"


def test_odd_output_is_made_storable(run_script: Any):
    ran = run_script("""
        import os
        def main():
            os.write(1, b"nul \\0 bad \\xff\\xfe euro \\xe2\\x82")
            os.write(1, b"\\xac ansi \\x1b[31m\\n")
            print("lone \\ud800")
            return {"nul\\0": "lone \\ud800", "list": ["\\0"]}
    """)

    bad = "\N{REPLACEMENT CHARACTER}"
    assert ran.stdout == f"nul {bad} bad {bad}{bad} euro \N{EURO SIGN} ansi \x1b[31m\nlone \\ud800\n"
    assert ran.outcome.result == {f"nul{bad}": f"lone {bad}", "list": [bad]}


def test_a_secret_is_masked_wherever_it_comes_out(run_script: Any):
    secret = 'tok"en/with+odd=chars-0123456789'
    ran = run_script(
        """
        import base64, json, os, sys, time, urllib.parse
        def main():
            secret = os.environ["TOKEN"]
            print(secret, base64.b64encode(b"x" + secret.encode()), urllib.parse.quote(secret), json.dumps(secret))
            os.write(1, secret[:10].encode()); time.sleep(0.1); os.write(1, secret[10:].encode() + b"\\n")
            print(secret.encode().hex(), file=sys.stderr)
            if os.environ.get("FAIL"):
                raise ValueError("failed with " + secret)
            return {secret: [secret]}
        """,
        env={"TOKEN": secret},
        secrets=(secret,),
    )
    failed = run_script(
        "import os\ndef main():\n    raise ValueError('failed with ' + os.environ['TOKEN'])",
        env={"TOKEN": secret},
        secrets=(secret,),
    )

    assert ran.outcome.result == {"[masked]": ["[masked]"]}
    assert ran.stdout.count("[masked]") == 5
    assert ran.stderr == "[masked]\n"
    assert failed.outcome.error["message"] == "ValueError: failed with [masked]"
    assert secret not in f"{ran}{failed}"


def test_a_renewed_secret_is_masked_too(run_script: Any):
    ran = run_script(
        """
        import os
        from wren.script import session
        def main():
            reply = session.current().host.request("credentials.refresh", {"integration": "mail"})
            print(os.environ["TOKEN"], reply["env"]["TOKEN"])
            return reply["env"]["TOKEN"]
        """,
        env={"TOKEN": "old-secret-1"},
        secrets=("old-secret-1",),
        serve=lambda operation, payload: Served(result={"env": {"TOKEN": "new-secret-2"}}, secrets=("new-secret-2",)),
    )

    assert ran.stdout == "[masked] [masked]\n"
    assert ran.outcome.result == "[masked]"


def test_a_secret_that_is_a_word_of_the_protocol_breaks_no_frame(run_script: Any):
    ran = run_script(
        """
        from wren_core.protocol.calls import CallRecord
        from wren.script import session
        def main():
            session.current().on_call(CallRecord(integration="result", method="message", ms=1, outcome="ok"))
            return {"message": "metadata"}
        """,
        secrets=("result", "message", "metadata", "AgentFixableError"),
    )
    failed = run_script("def main(): raise ValueError('message')", secrets=("message", "AgentFixableError"))

    assert ran.outcome.result == {"[masked]": "[masked]"}
    assert [(call.integration, call.method) for call in ran.calls] == [("[masked]", "[masked]")]
    assert failed.outcome.error["type"] == "AgentFixableError"
    assert failed.outcome.error["message"] == "ValueError: [masked]"


def test_what_no_database_holds_is_made_storable_wherever_a_script_says_it(run_script: Any):
    served: list[Any] = []
    ran = run_script(
        r"""
        import json, os
        from wren.script import session
        def main():
            host = session.current().host
            host.request("messages.send", {"body": "a\x00b", "half \ud83d": ["\ud83d"]})
            value = json.dumps({"frame": "result", "value": [float("nan"), float("-inf"), "\x00", "\ud83d"]})
            host._channel._connection.sendall(value.encode() + b"\n")
            os._exit(0)
        """,
        serve=lambda operation, payload: served.append(payload) or {},
    )

    assert served == [{"body": "a\ufffdb", "half \ufffd": ["\ufffd"]}]
    assert ran.outcome.result == ["nan", "-inf", "\ufffd", "\ufffd"]
