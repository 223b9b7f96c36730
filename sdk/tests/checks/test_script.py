import json

import pytest

from wren.checks.finding import Code
from wren.runner.script_report import check_script

pytestmark = pytest.mark.usefixtures("plugins")


@pytest.fixture(autouse=True)
def child_sees_plugins(monkeypatch, environment):
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])


def test_a_sound_script_has_no_findings_and_its_metadata(write):
    report = check_script(
        write(
            'import wren\nparcel = wren.integrations.parcel.init(city="Oslo")\n\n'
            '@wren.on_schedule("0 9 * * 1-5", timezone="Europe/Oslo")\ndef daily(event):\n    parcel.track("P-1")\n'
        )
    )

    assert report.is_ok
    assert report.findings == ()
    assert report.metadata["integrations"] == ["parcel"]


SOUND = """import wren

parcel = wren.integrations.parcel.init()


@wren.on_schedule("0 9 * * *")
def daily(event):
    parcel.track("P-1")
"""


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("def f(:\n", "SYNTAX_ERROR", (1, 7)),
        ("import nothing_such\n", "MODULE_MISSING", (1, None)),
        ("x = {}\nx['a']\n", "IMPORT_FAILED", (2, None)),
        ('import wren\n@wren.on_schedule("0 25 * * *")\ndef f(): ...\n', "CRON_INVALID", (2, 19)),
        ("def f():\n    return g()\n", "UNDEFINED_NAME", (2, 12)),
        ("import wren\nwren.on_schedule('@daily')(dayly)\n", "UNDEFINED_NAME", (2, 28)),
        ("import wren\np = wren.integrations.parcl.init()\n", "INTEGRATION_UNKNOWN", (2, 23)),
        ("from wren.integrations import broken\n", "PLUGIN_FAILED", (1, 31)),
        (SOUND.replace("track", "trak"), "METHOD_UNKNOWN", (8, 12)),
        (SOUND.replace('"P-1"', 'nmber="P-1"'), "ARGUMENT_UNKNOWN", (8, 18)),
        (SOUND.replace('"P-1"', ""), "ARGUMENT_MISSING", (8, 5)),
        (SOUND.replace('"P-1"', "7"), "ARGUMENT_INVALID", (8, 18)),
        (SOUND.replace("init()", "init(town=1)"), "CONFIG_INVALID", (3, 40)),
        ("raise SystemExit(0)\n", "IMPORT_EXITED", (1, None)),
        ("x = '\0'\n", "SCRIPT_NUL", (1, None)),
        (b"x = '\xff'\n", "SCRIPT_NOT_UTF8", (1, None)),
        ("#" * (1024 * 1024 + 1), "SCRIPT_TOO_LARGE", (None, None)),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else "",
)
def test_a_mistake_has_its_code_and_place(write, text, code, place):
    path = write(text)

    report = check_script(path)

    [finding] = report.errors
    assert (finding.code, finding.file) == (code, str(path))
    assert (finding.line, finding.column) == place


def test_a_mistake_that_also_stops_the_import_is_reported_once(write):
    report = check_script(write('import wren\n@wren.on_schedule("nope")\ndef daily(): ...\n'))

    assert [finding.code for finding in report.findings] == [Code.CRON_INVALID]


def test_findings_of_all_checks_come_in_the_order_of_the_script(write):
    report = check_script(
        write(
            "import wren\nparcel = wren.integrations.parcel.init()\n"
            '@wren.on_schedule("99 * * * *")\ndef daily():\n    parcel.snd("x", 1)\n    totl\n'
        )
    )

    assert [finding.code for finding in report.findings] == [
        Code.CRON_INVALID,
        Code.METHOD_UNKNOWN,
        Code.UNDEFINED_NAME,
    ]


def test_an_import_error_elsewhere_is_added_to_the_static_findings(write):
    report = check_script(write("import wren\nint('x')\ndef f():\n    totl\n"))

    assert [(finding.code, finding.line) for finding in report.findings] == [
        (Code.IMPORT_FAILED, 2),
        (Code.UNDEFINED_NAME, 4),
    ]


def test_an_expression_too_deep_for_one_check_is_a_warning_and_the_rest_is_checked(write):
    deep = " + ".join(["1"] * 900)
    report = check_script(write(f'import wren\nx = {deep}\n@wren.on_schedule("nope")\ndef daily(): ...\n'))

    assert [finding.code for finding in report.findings] == [Code.CHECK_INCOMPLETE, Code.CRON_INVALID]


def test_a_script_that_cannot_be_parsed_is_not_imported(write, tmp_path):
    report = check_script(write(f"open({str(tmp_path / 'ran')!r}, 'w')\ndef (\n"))

    assert [finding.code for finding in report.findings] == [Code.SYNTAX_ERROR]
    assert not (tmp_path / "ran").exists()


def test_the_report_is_json_with_a_stable_shape(write):
    report = check_script(write("totl\n"))

    body = json.loads(json.dumps(report.to_json()))

    assert body["ok"] is False
    assert set(body) == {"ok", "file", "findings", "metadata"}
    assert body["findings"][0] == {
        "code": "UNDEFINED_NAME",
        "message": "name 'totl' is used but not defined",
        "file": report.file,
        "line": 1,
        "column": 1,
        "severity": "error",
        "hint": "define it, or import it",
    }
