import pytest

from wren.checks.calls import check_calls
from wren.checks.finding import Code
from wren.checks.scopes import list_places
from wren.checks.source import parse_script
from wren.script import session
from wren.script.catalogue import Catalogue, installed
from wren.script.session import ScriptSession
from wren_core.protocol.jobs import JobConnection

pytestmark = pytest.mark.usefixtures("plugins")


def check(text: str):
    source = parse_script(text.encode(), "daily.py")
    return list(check_calls(source, installed(), list_places(source.tree)))


def _parts(text: str):
    source = parse_script(text.encode(), "daily.py")
    return source, Catalogue(), list_places(source.tree)


def codes(text: str) -> list[str]:
    return [finding.code.value for finding in check(text)]


def using(lines: str) -> str:
    return f"import wren\nparcel = wren.integrations.parcel.init()\n{lines}\n"


def test_an_integration_that_is_not_installed_is_answered_with_the_nearest():
    [finding] = check("import wren\np = wren.integrations.parcl.init()\n")

    assert (finding.code, finding.place) == (Code.INTEGRATION_UNKNOWN, "daily.py:2:23")
    assert "did you mean 'parcel'" in finding.message


def test_an_integration_like_no_other_comes_with_what_is_possible_and_no_invented_package():
    [finding] = check("from wren.integrations import xy_q\n")

    assert (finding.code, finding.line, finding.column) == (Code.INTEGRATION_UNKNOWN, 1, 31)
    assert "wren integrations list" in (finding.hint or "")
    assert "pip install" not in (finding.hint or "")


def test_an_integration_published_with_wren_comes_with_its_package(monkeypatch):
    monkeypatch.setattr("wren.script.catalogue.integration_names", lambda: ["parcel"])
    [finding] = list(check_calls(*_parts("from wren.integrations import postgres\n")))

    assert "pip install wren-postgres" in (finding.hint or "")


def test_a_plugin_that_does_not_load_is_reported_with_its_cause():
    [finding] = check("import wren\nb = wren.integrations.broken.init()\nb.anything(1)\n")

    assert finding.code == Code.PLUGIN_FAILED
    assert "the wheels came off" in finding.message


def test_a_wrong_method_has_line_column_and_the_nearest_name():
    [finding] = check(using("parcel.trak('P-1')"))

    assert (finding.code, finding.place) == (Code.METHOD_UNKNOWN, "daily.py:3:8")
    assert (finding.message, finding.hint) == ("parcel has no method 'trak'", "did you mean 'track'?")


@pytest.mark.parametrize(
    "text",
    [
        "import wren as w\np = w.integrations.parcel.init()\np.trak()\n",
        "import wren\nwren.integrations.parcel.init().trak()\n",
        "from wren import integrations\np = integrations.parcel.init()\np.trak()\n",
        "from wren import integrations as i\np = i.parcel.init()\np.trak()\n",
        "import wren.integrations as wi\np = wi.parcel.init()\np.trak()\n",
        "from wren.integrations import parcel\np = parcel.init()\np.trak()\n",
        "from wren.integrations import parcel as q\np: object = q.init()\np.trak()\n",
        "import wren\nq = wren.integrations\np = q.parcel.init()\nr = p\nr.trak()\n",
        "import wren\na, p = 1, wren.integrations.parcel.init()\np.trak()\n",
        "import wren\nif p := wren.integrations.parcel.init():\n    p.trak()\n",
        "import wren\ndef f():\n    p = wren.integrations.parcel.init()\n    return [p.trak() for _ in 'ab']\n",
        "import wren\np = wren.integrations.parcel.init()\nasync def f():\n    p.trak()\n",
        "import wren\np = None\ndef f():\n    global p\n    p = wren.integrations.parcel.init()\n    p.trak()\n",
        "from wren.integrations import parcel\ndef f():\n    p = None\n    def g():\n        nonlocal p\n"
        "        p = parcel.init()\n    p.trak()\n",
        "import wren\np = wren.integrations.parcel.init()\nclass A:\n    def f(self):\n        p.trak()\n",
        "import wren\np = wren.integrations.parcel.init()\nf = lambda: p.trak()\n",
    ],
)
def test_an_instance_is_recognised_by_whatever_name_it_goes(text):
    assert codes(text) == ["METHOD_UNKNOWN"]


@pytest.mark.parametrize(
    "text",
    [
        "import wren\np = wren.integrations.parcel.init()\np = object()\np.trak()\n",
        "import wren\np = wren.integrations.parcel.init()\ndef f(p):\n    p.trak()\n",
        "import wren\np = wren.integrations.parcel.init()\nfor p in []:\n    p.trak()\n",
        "import wren\np = wren.integrations.parcel.init()\nq = p.send('a', 1)\nq.trak\n",
        "import wren\np = wren.integrations.parcel.init()\ndef f():\n    p = {}\n    p.trak()\n",
        "import wren\nclass A:\n    p = wren.integrations.parcel.init()\n    def f(self):\n        p.trak()\n",
        "import wren\np = p\np.trak()\n",
        "from other import parcel\np = parcel.init()\np.trak()\n",
        "from .wren import integrations\nintegrations.parcl.init()\n",
        "import wren\np = wren.integrations.parcel.init()\nwith open('x') as p:\n    p.trak()\n",
        "import wren\np = wren.integrations.parcel.init()\ntry: ...\nexcept OSError as p:\n    p.trak\n",
        "import wren\n(p, *q) = wren.integrations.parcel.init(), 1\np.trak()\n",
        "import wren\np = wren.integrations.parcel.init()\np += 1\np.trak()\n",
    ],
)
def test_a_name_that_may_hold_something_else_is_left_alone(text):
    assert codes(text) == []


@pytest.mark.parametrize(
    "use",
    [
        "parcel.track('P-1', 5, full=True)",
        "parcel.track(number='P-1', limit=n)",
        "parcel.track(*numbers)",
        "parcel.track(**more)",
        "parcel.send('Oslo', 2, tags=['a'], label=b'png')",
        "parcel.send('Oslo', 2.5, tags=None)",
        "parcel.send(to=f'{n}', weight=-1)",
        "parcel.send('Oslo', 1, tags=[n, 'x'])",
        "parcel.close(); parcel.client; parcel.config.city; parcel.base_url; parcel.spec",
        "parcel.note = 1",
        "parcel.__class__",
    ],
)
def test_a_right_use_is_not_reported(use):
    assert check(using(use)) == []


@pytest.mark.parametrize(
    ("use", "code", "column", "message"),
    [
        ("parcel.track(nmber='P-1')", "ARGUMENT_UNKNOWN", 14, "parcel.track has no argument 'nmber'"),
        ("parcel.track()", "ARGUMENT_MISSING", 1, "parcel.track needs 'number'"),
        ("parcel.send(weight=1)", "ARGUMENT_MISSING", 1, "parcel.send needs 'to'"),
        ("parcel.track('P', 1, True, 4)", "ARGUMENT_UNKNOWN", 28, "parcel.track: too many positional arguments"),
        ("parcel.track('P', number='Q')", "ARGUMENT_INVALID", 19, "parcel.track: argument 'number' is given twice"),
        ("parcel.track('P', limit='ten')", "ARGUMENT_INVALID", 25, "expected integer, got 'ten'"),
        ("parcel.track(17)", "ARGUMENT_INVALID", 14, "number: expected string, got 17"),
        ("parcel.track('P', full='yes')", "ARGUMENT_INVALID", 24, "expected boolean, got 'yes'"),
        ("parcel.track('P', limit=None)", "ARGUMENT_INVALID", 25, "expected integer, got None"),
        ("parcel.track('P', limit=f'{n}')", "ARGUMENT_INVALID", 25, "expected integer, got string"),
        ("parcel.send('a', 1, tags='x')", "ARGUMENT_INVALID", 26, "expected array of string or null, got 'x'"),
        ("parcel.send('a', 1, tags=[1])", "ARGUMENT_INVALID", 26, "parcel.send: tags: "),
        ("parcel.send('a', 1, tags={'k': n})", "ARGUMENT_INVALID", 26, "got object"),
        ("parcel.send('a', weight=...)", "ARGUMENT_INVALID", 25, "which has no JSON form"),
    ],
)
def test_an_argument_that_cannot_fit_is_found_without_running(use, code, column, message):
    findings = check(using(use))

    assert (findings[0].code, findings[0].line, findings[0].column) == (code, 3, column)
    assert message in findings[0].message


def test_a_misspelt_argument_is_answered_with_the_nearest():
    findings = check(using("parcel.track(nmber='P-1')"))

    assert findings[0].hint == "did you mean 'number'?"


def test_a_misspelt_argument_is_not_also_missing():
    assert codes(using("parcel.track(nmber='P-1')")) == ["ARGUMENT_UNKNOWN"]
    assert codes(using("parcel.send(tto='Oslo')")) == ["ARGUMENT_UNKNOWN", "ARGUMENT_MISSING"]


def test_a_method_before_init_is_explained():
    [finding] = check("import wren\nwren.integrations.parcel.track('P-1')\n")

    assert (finding.code, finding.column) == (Code.INIT_MISSING, 26)
    assert "parcel = wren.integrations.parcel.init()" in (finding.hint or "")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("parcel.init(town='Oslo')", "parcel.init has no value 'town'"),
        ("parcel.init('Oslo')", "parcel.init takes named values only"),
        ("parcel.init(retries='many')", "parcel.init: retries: "),
        ("parcel.init(city=5)", "parcel.init: city: "),
    ],
)
def test_configuration_that_cannot_fit_is_found(call, message):
    [finding] = check(f"import wren\nx = wren.integrations.{call}\n")

    assert (finding.code, finding.severity) == (Code.CONFIG_INVALID, "error")
    assert finding.message.startswith(message)


@pytest.mark.parametrize("account", ["'work'", "None"])
def test_a_literal_account_is_not_configuration(account):
    assert check(f"import wren\nx = wren.integrations.parcel.init(account={account}, city='Oslo')\n") == []


def test_an_account_that_only_the_run_knows_is_a_warning():
    [finding] = check("import wren\ndef f(name):\n    return wren.integrations.parcel.init(account=name)\n")

    assert (finding.code, finding.severity) == (Code.ACCOUNT_NOT_LITERAL, "warning")


def test_an_account_that_is_not_text_is_found():
    [finding] = check("import wren\nx = wren.integrations.parcel.init(account=5)\n")

    assert (finding.code, finding.severity) == (Code.CONFIG_INVALID, "error")


def test_a_misspelt_configuration_value_is_answered_with_the_nearest():
    [finding] = check("import wren\nx = wren.integrations.parcel.init(retry=3)\n")

    assert finding.hint == "did you mean 'retries'?"


def test_missing_configuration_is_a_note_since_the_connection_brings_it():
    [finding] = check("import wren\nx = wren.integrations.depot.init()\n")

    assert (finding.code, finding.severity) == (Code.CONFIG_MISSING, "note")
    assert "depot needs 'street'; where the script is deployed it comes with the connection" in finding.message


def test_configuration_that_a_known_connection_lacks_is_an_error():
    held = JobConnection(integration="depot", alias="default", is_default=True)
    with session.entered(ScriptSession(connections=(held,), is_describing=True)):
        [finding] = check("import wren\nx = wren.integrations.depot.init()\n")

    assert (finding.code, finding.severity) == (Code.CONFIG_MISSING, "error")
    assert "neither the script nor its connection" in finding.message


def test_configuration_from_the_environment_is_not_missing(monkeypatch):
    monkeypatch.setenv("WREN_INTEGRATIONS__DEPOT__CONFIG", '{"street": "Main"}')

    assert check("import wren\nx = wren.integrations.depot.init()\n") == []


@pytest.mark.parametrize("call", ["depot.init(street=name)", "depot.init(**values)", "depot.init(street=f'{n} Main')"])
def test_configuration_only_the_run_knows_is_left_to_it(call):
    assert check(f"import wren\nx = wren.integrations.{call}\n") == []


def test_a_misspelt_name_of_the_package_is_found_wherever_it_stands():
    [finding] = check("import wren\ndef later():\n    wren.on_shedule\n")

    assert (finding.code, finding.column, finding.hint) == (
        Code.WREN_NAME_UNKNOWN,
        10,
        "did you mean 'wren.on_schedule'?",
    )


def test_the_packages_own_names_and_modules_are_known():
    assert check("import wren\nwren.RateLimited, wren.api.client, wren.integrations.list(), wren.__version__\n") == []


def test_only_the_integrations_a_script_names_are_loaded():
    import sys

    check("import wren\nprint(wren.integrations.list())\n")

    assert "wren_parcel" not in sys.modules
