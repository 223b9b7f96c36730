import pytest

from wren.checks.finding import Code
from wren.checks.result_uses import check_result_uses
from wren.checks.scopes import list_places
from wren.checks.source import parse_script
from wren.script.catalogue import installed

pytestmark = pytest.mark.usefixtures("plugins")
HEAD = "import asyncio\nimport wren\np = wren.integrations.parcel.init()\n"


def check(text: str):
    source = parse_script((HEAD + text).encode(), "daily.py")
    return list(check_result_uses(source, installed(), list_places(source.tree)))


@pytest.mark.parametrize(
    "text",
    [
        "p.send('a', 1).weight",
        "s = p.send('a', 1)\ns.weight",
        "s = p.send('a', 1)\ns['number']",
        "s = p.send('a', 1)\ns.get('number')",
        "def f():\n    for s in [p.send('a', 1) for _ in 'ab']:\n        print(f'{s.weight}')",
        "def made():\n    return p.send('a', 1)\ndef f():\n    return made().weight",
        "def show(s):\n    print(s.weight)\ndef f():\n    show(p.send('a', 1))",
        "sorted([p.send(x, 1) for x in 'ab'], key=lambda s: s.weight)",
        "max([p.send(x, 1) for x in 'ab'], key=lambda s: s.number).weight",
        "found = [p.send(x, 1) for x in 'ab']\nfound[0].weight",
        "found = [p.send(x, 1) for x in 'ab']\nfound.number",
        "for i, s in enumerate([p.send(x, 1) for x in 'ab']):\n    s.weight",
        "s = None\ndef f():\n    global s\n    s = p.send('a', 1)\n    return s.weight",
        "s = p.send('a', 1) if p else None\ns.weight",
        "(p.send('a', 1) or None).weight",
        "[s.weight for s in (p.send(x, 1) for x in 'ab') if s]",
        "def many():\n    if not p:\n        return []\n    return p.track('P')\nfor t in many():\n    t.city",
        "p.track('P')[0].city",
        "p.track('P').first",
        "p.send('a', 1).number.text",
        "async def f():\n    s = p.send('a', 1)\n    return s.weight",
        "p.settings().city",
    ],
)
def test_an_attribute_that_a_result_does_not_have_is_found(text):
    [finding] = check(text)

    assert (finding.code, finding.severity) == (Code.ATTRIBUTE_UNKNOWN, "error")


@pytest.mark.parametrize(
    "text",
    [
        "s = p.send('a', 1)\nprint(s.number, s.number.upper(), s.model_dump())",
        "s = p.send('a', 1)\nif hasattr(s, 'weight'):\n    s.weight",
        "s = p.send('a', 1)\ntry:\n    s.weight\nexcept AttributeError:\n    pass",
        "s = p.send('a', 1)\nif isinstance(s, dict):\n    s['number']",
        "s = p.send('a', 1)\ns = other()\ns.weight",
        "s = {}\ns = p.send('a', 1)\ns.weight",
        "def f(s):\n    s.weight",
        "def f(s):\n    s.weight\nf(p.send('a', 1))\nf(other())",
        "def f(s):\n    s.weight\nf(p.send('a', 1))\nother(f)",
        "def f(*s):\n    s.count(1)\nf(p.send('a', 1))",
        "def f(s=None):\n    s.weight\nf()\nf(p.send('a', 1))",
        "def made():\n    yield p.send('a', 1)\nmade().weight",
        "@other\ndef made():\n    return p.send('a', 1)\nmade().weight",
        "def made():\n    if p:\n        return other()\n    return p.send('a', 1)\nmade().weight",
        "def again():\n    return again()\nagain().weight",
        "sorted = other\nsorted([p.send('a', 1)], key=lambda s: s.weight)",
        "for t in p.track('P'):\n    print(t.title(), t[0], t[1:])",
        "d = p.settings()\nprint(d['city'], d.get('x'), d['x'].anything)",
        "s = p.send('a', 1)\ns.__class__.__name__",
        "t = p.track\nt('P')[0].upper()",
        "p.track.__doc__",
        "for a, b in zip(p.track('P'), other()):\n    a.upper()\n    b.whatever",
        "p.track('P')[-1].upper()\np.track('P')[0:2][0].upper()",
        "with other() as s:\n    s.weight",
        "import concurrent.futures\nwith concurrent.futures.ThreadPoolExecutor() as e:\n    list(e.map(p.track, 'ab'))",
        "async def f():\n    return await asyncio.to_thread(p.send, 'a', 1)",
    ],
)
def test_what_is_right_or_cannot_be_known_is_left_alone(text):
    assert check(text) == []


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("p.send('a', 1)['number']", "write p.send('a', 1).number"),
        ("p.send('a', 1).nmber", "did you mean 'number'? it has number"),
        ("p.settings().city", "it is a dict: write p.settings()['city']"),
        (
            "x = [p.send(i, 1) for i in 'ab']\nx.number",
            "it holds several: loop over it, or take one of them, as in x[0]",
        ),
    ],
)
def test_the_hint_says_what_to_write(text, hint):
    [finding] = check(text)

    assert finding.hint is not None
    assert finding.hint.startswith(hint)


@pytest.mark.parametrize(
    "text",
    [
        "async def f():\n    await p.send('a', 1)",
        "async def f():\n    return (await p.track('P'))[0]",
        "async def f():\n    await asyncio.gather(p.track('P'))",
        "async def f():\n    asyncio.create_task(p.track('P'))",
        "asyncio.run(p.track('P'))",
        "async def f():\n    async for t in p.track('P'):\n        print(t)",
    ],
)
def test_a_method_that_is_awaited_is_found(text):
    [finding] = check(text)

    assert (finding.code, "leave `await` out" in (finding.hint or "")) == (Code.METHOD_AWAITED, True)


@pytest.mark.parametrize("text", ["for t in p.track: print(t)", "[t for t in p.track]", "p.track.first"])
def test_a_method_that_is_not_called_is_found(text):
    [finding] = check(text)

    assert (finding.code, finding.hint) == (Code.METHOD_NOT_CALLED, "write p.track(...)")


@pytest.mark.parametrize(
    "text",
    [
        "@wren.on_schedule('@daily')\ndef f(event):\n    event['payload']",
        "@wren.on_schedule('@daily')\ndef f(tick):\n    tick.time",
        "@wren.on_email(subject='x')\ndef f(mail):\n    mail.body",
        "@wren.on_schedule('@daily')\ndef f(days=7, event=None):\n    event.when",
        "@wren.on_schedule('@daily')\ndef f(p):\n    p.track('P')",
    ],
)
def test_the_event_has_the_attributes_of_its_class(text):
    [finding] = check(text)

    assert finding.code == Code.ATTRIBUTE_UNKNOWN


def test_the_event_of_a_schedule_has_all_that_a_start_by_hand_has():
    used = "event.payload, event.scheduled_for.date(), event.fired_at, event.cron, event.timezone, event.trigger"

    assert check(f"@wren.on_schedule('@daily')\ndef f(event):\n    print({used})") == []
