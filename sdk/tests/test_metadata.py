from textwrap import dedent
from typing import Any

import pytest

import wren
from wren.metadata import extract_metadata, find_integrations


@pytest.mark.parametrize(
    "source",
    [
        "import wren\nwren.integrations.mail.init()",
        "import wren\ndef f():\n    return wren.integrations.mail.init()",
        "import wren as w\nw.integrations.mail.init()",
        "import wren.integrations\nwren.integrations.mail.init()",
        "import wren.integrations as places\nplaces.mail.init()",
        "from wren import integrations\nintegrations.mail.init()",
        "from wren import integrations as places\nplaces.mail.init()",
        "from wren.integrations import mail\nmail.init()",
        "from wren.integrations import mail as post\npost.init()",
        "import wren\nplaces = wren.integrations\nplaces.mail.init()",
        "import wren\ngetattr(wren.integrations, 'mail').init()",
        "from wren import integrations\ngetattr(integrations, 'mail', None)",
        "def f():\n    return places.mail.init()\ndef g():\n    pass\nimport wren.integrations as places",
        "import wren\nif False:\n    wren.integrations.mail",
        "import wren\nx: wren.integrations.mail",
    ],
)
def test_an_integration_is_found_by_whatever_name_it_goes(source: str):
    assert find_integrations(source) == {"mail"}


@pytest.mark.parametrize(
    "source",
    [
        "import wren\nwren.integrations.list()\nwren.integrations.get_docs('mail')",
        "import wren\nwren.integrations.render_docs(['mail'])",
        "from wren.integrations import list, get_docs",
        "from wren.integrations import *",
        "import wren\nprint(wren.integrations.__name__)",
        "integrations.mail.init()",
        "import other\nother.integrations.mail",
        "from .wren import integrations\nintegrations.mail",
        "text = 'wren.integrations.mail'  # wren.integrations.mail",
        "import wren\ngetattr(wren.integrations, name)",
        "",
    ],
)
def test_what_is_no_use_of_an_integration_is_not_found(source: str):
    assert find_integrations(source) == set()


def test_broken_python_is_a_syntax_error():
    with pytest.raises(SyntaxError):
        find_integrations("def (")


def _run(source: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(dedent(source), namespace)
    return extract_metadata(dedent(source), namespace)


def test_metadata_has_the_documented_shape():
    metadata = _run("""
        import wren
        slack = wren.integrations

        @wren.on_schedule("0 9 * * *")
        def daily_report():
            wren.integrations.zulu.init()
            wren.integrations.alpha.init()
    """)

    assert metadata == {
        "integrations": ["alpha", "zulu"],
        "triggers": [{"type": "schedule", "func": "daily_report", "config": {"cron": "0 9 * * *", "timezone": "UTC"}}],
        "schedules": [{"cron": "0 9 * * *", "func_name": "daily_report"}],
    }


def test_other_triggers_are_no_schedules():
    metadata = _run("""
        import wren

        @wren.on_email(subject="invoice")
        def file_invoice(email): ...
    """)

    assert metadata["triggers"] == [{"type": "email", "func": "file_invoice", "config": {"subject": "invoice"}}]
    assert metadata["schedules"] == []


def test_a_script_that_declares_nothing_has_empty_metadata():
    assert _run("x = 1") == {"integrations": [], "triggers": [], "schedules": []}


@pytest.mark.usefixtures("plugins")
def test_an_integration_chosen_at_run_time_is_found_among_the_modules_values():
    namespace = {
        "made": wren.integrations.parcel.init(),
        "handle": wren.integrations.depot,
        "other": object(),
    }

    assert extract_metadata("", namespace)["integrations"] == ["depot", "parcel"]
