from textwrap import dedent
from typing import Any

import pytest

import wren
from wren.script.metadata import extract_metadata, find_uses


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
    assert find_uses(source).integrations == {"mail"}


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
def test_code_that_does_not_use_an_integration_is_not_counted(source: str):
    assert find_uses(source).integrations == set()


def test_broken_python_is_a_syntax_error():
    with pytest.raises(SyntaxError):
        find_uses("def (")


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


def test_other_triggers_are_not_schedules():
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


@pytest.mark.parametrize(
    "source",
    [
        "import wren\nwren.ai('hi')",
        "import wren as w\ndef f():\n    return w.ai('hi', model='m')",
        "from wren import ai\nai('hi')",
        "from wren import ai as ask\nprint(ask('hi'))",
        "import wren\nwren.ai('hi', integration=None)",
        "import wren\nwren.ai('hi', integration=name)",
        "import wren\nwren.ai('hi', **options)",
        "import wren\nask = wren.ai\nask('hi')",
        "from wren import ai\nmap(ai, texts)",
    ],
)
def test_a_script_that_asks_whichever_models_are_connected_says_so(source: str):
    uses = find_uses(source)

    assert (uses.uses_ai, uses.integrations) == (True, set())
    assert extract_metadata(source, {})["uses_ai"] is True


@pytest.mark.parametrize(
    "source",
    [
        "import wren\nwren.ai('hi', integration='parrot')",
        "from wren import ai\nai('hi', integration='parrot', model='m')",
        "import wren\ndef f():\n    wren.ai(wren.ai('hi', integration='parrot'), integration='parrot')",
    ],
)
def test_a_named_ai_integration_is_one_the_script_uses(source: str):
    metadata = extract_metadata(source, {})

    assert metadata["integrations"] == ["parrot"]
    assert "uses_ai" not in metadata


def test_arguments_of_a_call_of_a_model_are_searched_too():
    source = "import wren\nwren.ai('hi', wren.integrations.mail.init(), integration='parrot')"

    assert find_uses(source).integrations == {"mail", "parrot"}


@pytest.mark.parametrize(
    "source",
    ["import wren\nother.ai('hi')", "def ai(): ...\nai()", "from other import ai\nai()", "import wren\nwren.ais"],
)
def test_code_that_does_not_use_models_is_not_counted(source: str):
    assert find_uses(source).uses_ai is False


@pytest.mark.parametrize(
    "source",
    [
        "import wren\nwren.integrations.mail.init(account='work')",
        "import wren\ndef f():\n    return wren.integrations.mail.init(city='Oslo', account='work')",
        "from wren.integrations import mail as post\npost.init(account='work')",
        "import wren\nhandle = wren.integrations.mail\ndef f():\n    handle.init(account='work')",
        "from wren import integrations\ngetattr(integrations, 'mail').init(account='work')",
    ],
)
def test_an_account_is_found_wherever_it_is_named(source: str):
    assert find_uses(source).accounts == {("mail", "work")}


@pytest.mark.parametrize(
    "source",
    [
        "import wren\nwren.integrations.mail.init()",
        "import wren\nwren.integrations.mail.init(account=None)",
        "import wren\nwren.integrations.mail.init(account=which)",
        "other.mail.init(account='work')",
    ],
)
def test_other_expressions_are_not_accounts(source: str):
    assert find_uses(source).accounts == frozenset()


def test_accounts_are_listed_by_integration_and_only_where_there_are_some():
    source = "import wren\n" + "\n".join(
        f"wren.integrations.{name}.init(account='{alias}')" for name, alias in [("b", "y"), ("b", "x"), ("a", "z")]
    )

    assert extract_metadata(source, {})["accounts"] == {"a": ["z"], "b": ["x", "y"]}
    assert "accounts" not in extract_metadata("import wren\nwren.integrations.a.init()", {})
