import pytest

from wren.checks.finding import Code
from wren.checks.overwritten_names import check_overwritten
from wren.checks.scopes import list_places
from wren.checks.source import parse_script
from wren.checks.surroundings import check_files, check_hosts
from wren.script.catalogue import installed

pytestmark = pytest.mark.usefixtures("plugins")
HEAD = "import json, wren, httpx\nfrom pathlib import Path\np = wren.integrations.parcel.init()\n"


def parts(text: str):
    source = parse_script((HEAD + text).encode(), "daily.py")
    return source, list_places(source.tree)


def files(text: str):
    return [(item.code.value, item.severity) for item in check_files(*parts(text))]


@pytest.mark.parametrize(
    "text",
    [
        "s = json.load(open('state.json'))\njson.dump(s, open('state.json', 'w'))",
        "STATE = Path('state.json')\ndef f():\n    n = STATE.read_text()\n    STATE.write_text(n)",
        "with open('log.txt', mode='a') as f:\n    f.write('x')",
        "import sqlite3\ndb = sqlite3.connect('seen.db')",
        "import shelve\nd = shelve.open('seen')",
        "F = Path('data') / 'n'\nF.read_bytes()\nF.open('wb')",
    ],
)
def test_a_file_that_the_next_run_needs_is_a_warning(text):
    assert files(text) == [("FILE_NOT_KEPT", "warning")]


@pytest.mark.parametrize(
    "text", ["open('config.json')", "Path('template.html').read_text()", "with open('a.csv') as f: ..."]
)
def test_a_file_of_the_authors_machine_is_a_warning(text):
    assert files(text) == [("FILE_MISSING", "warning")]


@pytest.mark.parametrize(
    "text",
    [
        "open('report.csv', 'w').write('x')\np.send('a', 1, label=open('report.csv', 'rb').read())",
        "Path('/tmp/x').read_text()",
        "import sqlite3\nsqlite3.connect(':memory:')",
        "open(name)\nopen(f'{name}.txt')\nPath(name).read_text()",
        "import webbrowser\nwebbrowser.open('x')",
        "def open(name): ...\nopen('x')",
        "import tempfile\nwith tempfile.TemporaryFile() as f: f.write(b'x')",
    ],
)
def test_a_file_of_one_run_is_fine(text):
    assert files(text) == []


@pytest.mark.parametrize(
    "call",
    [
        "httpx.get('https://api.mine.example/v1')",
        "httpx.post(url='http://api.mine.example')",
        "httpx.get(f'https://api.mine.example/{p}')",
        "httpx.request('GET', 'https://api.mine.example:8443/x')",
    ],
)
def test_a_host_that_no_integration_declares_is_a_warning(call):
    source, found = parts(call)
    [finding] = check_hosts(source, installed(), found)

    assert (finding.code, finding.severity) == (Code.HOST_NOT_ALLOWED, "warning")
    assert "'api.mine.example'" in finding.message
    assert "it can reach parcel.example; make an integration" in (finding.hint or "")


@pytest.mark.parametrize(
    "call", ["httpx.get('https://parcel.example/x')", "httpx.get(url)", "p.get('https://x.example')"]
)
def test_a_host_that_is_declared_or_unknown_is_fine(call):
    source, found = parts(call)

    assert list(check_hosts(source, installed(), found)) == []


@pytest.mark.parametrize(
    "text",
    ["def p(): ...", "class p: ...", "async def p(): ...", "for p in 'ab': ...", "import json as p"],
)
def test_what_takes_the_name_of_an_integration_is_found(text):
    [finding] = check_overwritten(*parts(text))

    assert (finding.code, finding.line, finding.severity) == (Code.NAME_OVERWRITTEN, 4, "error")


@pytest.mark.parametrize(
    "text",
    [
        "def q(p): ...",
        "def f():\n    p = 1",
        "x = p",
        "p = wren.integrations.parcel.init(city='Oslo')",
        "[p for p in 'ab']",
    ],
)
def test_a_name_of_another_scope_hides_nothing(text):
    assert list(check_overwritten(*parts(text))) == []
