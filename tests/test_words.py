"""Plain words: phrases that prose avoids, and names that private functions do not have."""

import io
import re
import tokenize
from collections.abc import Iterator
from itertools import accumulate

import pytest

from workspace import ROOT, committed_files, shown

# Phrases -> what to write instead. A space stands for any white space, and for `_` in the name of a test.
PHRASES = {
    "anew": "again; or a verb: recreate, restart, rebuild",
    "begin of": "start of",
    "beside": "next to, with, in addition to",
    "by itself": "automatically; or leave it out",
    "everybody": "all users",
    "anybody": "a user, any process",
    "for ever": "forever, endless",
    "for good": "permanently",
    "hear of|hears of|hear nothing|hears nothing": "receive, reach, get no ...",
    "is told|are told|was told|were told": "is reported, gets; or name what reports it",
    "is started no more|open no more|opens no more": "is no longer ...",
    "lest": "so that ... not",
    "mend|mends|mended|mending": "fix, correct, repair",
    "nobody": "no user, no process; or the passive",
    "of its own|of their own|of one's own|of ones own": "separate, its own ...",
    "oneself": "name the person or the account",
    "shall": "must, will; or the present tense",
    "somebody": "a user, a client, another process",
    "that is none|that are none": "invalid ...; that is not a ...",
    "what is said|that is said": "the message, the output",
    "what is no": "a ... that is not a ...",
    "whereupon": "and then",
    "whoever": "the user who, the caller",
    "without a word": "silently",
}
_PATTERNS = [
    (words.split(), re.compile(words.replace(" ", r"[\s_#]+") + "(?![a-z])"), advice)
    for phrases, advice in PHRASES.items()
    for words in phrases.split("|")
]
_FUNCTION = re.compile(r"^[ \t]*(?:async )?def _([a-z]+)\(", re.MULTILINE)
_PARTICIPLE = re.compile(
    "[a-z]+ed|begun|bound|broken|brought|built|chosen|done|drawn|found|given|gone|heard|held|hidden|kept|known|lent|lost|"
    "made|met|paid|said|seen|sent|shown|sold|spent|spoken|sworn|taken|taught|thrown|told|took|torn|won|written"
)
# Verbs and nouns that look like participles.
_NOT_PARTICIPLES = frozenset({"embed", "feed", "need", "proceed", "seed", "shed", "speed"})
_PROSE = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def test_prose_is_plain_and_private_functions_have_verbs_or_nouns_as_names():
    files = committed_files(ROOT)

    problems = [
        f"{shown(path)}:{problem}"
        for path in files
        if path.suffix in (".py", ".md", ".jinja") and path.name != "test_words.py"
        for problem in find_problems(path.read_text(), is_python=path.suffix == ".py")
    ]

    assert not problems, "\n".join(["write plainly:", *problems])


def find_problems(text: str, *, is_python: bool) -> list[str]:
    """Return line, phrase or name, and advice for each problem in a file."""
    own = text if is_python else re.sub(r"^>.*", lambda quote: " " * len(quote[0]), text, flags=re.MULTILINE)
    found = list(_phrases(own.lower()))
    if found and is_python:
        prose = list(_prose_of(text))
        found = [item for item in found if any(start <= item[0] < end for start, end in prose)]
    found += [(at, f"`_{name}` is a participle: name the function by a verb") for at, name in _participles(text)]
    return [f"{text.count(chr(10), 0, at) + 1}: {problem}" for at, problem in sorted(found)]


def _phrases(text: str) -> Iterator[tuple[int, str]]:
    for words, pattern, advice in _PATTERNS:
        if all(word in text for word in words):
            for match in pattern.finditer(text):
                if not text[match.start() - 1 : match.start()].isalpha():
                    yield match.start(), f"{' '.join(words)!r}: write {advice}"


def _participles(text: str) -> Iterator[tuple[int, str]]:
    for match in _FUNCTION.finditer(text):
        name = match[1]
        if _PARTICIPLE.fullmatch(name) and name not in _NOT_PARTICIPLES:
            yield match.start(1), name


def _prose_of(source: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of comments, strings with more than one word, and names of tests."""
    offsets = list(accumulate(map(len, io.StringIO(source)), initial=0))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_test = token.type == tokenize.NAME and token.string.startswith("test_")
        if is_test or (token.type in _PROSE and re.search(r"\w\s+\w", token.string)):
            yield offsets[token.start[0] - 1] + token.start[1], offsets[token.end[0] - 1] + token.end[1]


@pytest.mark.parametrize(
    "source",
    [
        '"""Nobody knows."""',
        "x = 1  # started anew",
        'raise ValueError("say it to whoever\\nasks")',
        'raise ValueError(f"{name} is stored beside the key")',
        "# The process hears\n# of it.",
        "def test_somebody_is_refused(): ...",
        '"""Runs in a process of\n    its own."""',
        "def _shown(value): ...",
        "class A:\n    async def _owed(self): ...",
    ],
)
def test_a_translated_phrase_or_a_participle_is_found(source):
    assert len(find_problems(source, is_python=True)) == 1


@pytest.mark.parametrize(
    "source",
    [
        'account = "nobody"',
        "nobody = whoever(somebody)",
        '"""Besides, the manual renewal of renewed tokens."""',
        "def _read(file): ...",
        "def _seed(random): ...",
        "def _content(file): ...",
        "def _is_connected(client): ...",
        "def added(item): ...",
    ],
)
def test_code_and_ordinary_words_are_not_reported(source):
    assert find_problems(source, is_python=True) == []


def test_a_problem_has_its_line_and_advice():
    (problem,) = find_problems("A page.\n\nNobody reads it.\n", is_python=False)

    assert problem == "3: 'nobody': write no user, no process; or the passive"
