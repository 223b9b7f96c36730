"""Regular expressions that a backtracking engine can hang on.

Wren's own validator bounds its backtracking, but a schema travels: into tool definitions, MCP clients, editors and
consoles. A pattern takes exponential time exactly if its automaton is exponentially ambiguous: if a state is reached
again from itself, over the same text, in two ways (Weber and Seidl, "On the degree of ambiguity of finite automata",
1991). That is decided here on the position automaton of the pattern, which has a state for each character it names.
"""

import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from re import _parser  # type: ignore[attr-defined]  # the only reader of Python's patterns; no public name since 3.11
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
_Pair = tuple[int, int]
_Node = tuple[Any, Any]
# The square of the automaton has the square of these; what is longer is left to the validator's own bound.
_MOST_POSITIONS = 120
_MOST_LINKS = 200_000
# A repetition of up to so many costs a bounded factor; one of more is taken for one without end.
_FEW = 10
# One character of every kind that the categories tell apart.
_KINDS = frozenset("aZ5_ \n-!\u00e9\u4e2d")
_CATEGORIES = {"DIGIT": r"\d", "NOT_DIGIT": r"\D", "SPACE": r"\s", "NOT_SPACE": r"\S", "WORD": r"\w", "NOT_WORD": r"\W"}


@cache
def is_catastrophic(pattern: str) -> bool:
    """Tell whether a backtracking engine may take exponential time on the pattern.

    A pattern that Python cannot read, or one that names more than 120 characters, is not judged: it counts as harmless.
    """
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # what Python may come to read otherwise
            tree = list(_parser.parse(pattern))
    except (re.error, RecursionError, OverflowError):
        return False
    automaton = _Automaton(_KINDS | {char for node in tree for char in _named(node)})
    automaton.add(tree)
    return len(automaton.accepts) <= _MOST_POSITIONS and (_repeats_itself(automaton) or _forks(automaton))


class _Part(NamedTuple):
    """A piece of a pattern: where it can begin, where it can end, whether it can be empty."""

    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()
    is_empty: bool = True


class _Automaton:
    """The position automaton; a link that two repetitions make counts twice."""

    def __init__(self, alphabet: frozenset[str]) -> None:
        self.alphabet = alphabet
        self.accepts: list[frozenset[str]] = []
        self.links: dict[int, Counter[int]] = defaultdict(Counter)

    def add(self, nodes: Iterable[_Node]) -> _Part:
        whole = _Part()
        for operator, argument in nodes:
            whole = self._joined(whole, self._part(str(operator), argument))
        return whole

    def _part(self, operator: str, argument: Any) -> _Part:
        if operator.endswith("_REPEAT"):
            return self._repeated(*argument)
        if operator == "BRANCH":
            return _either([self.add(branch) for branch in argument[1]])
        if operator in ("SUBPATTERN", "ATOMIC_GROUP"):
            return self.add(argument[-1] if operator == "SUBPATTERN" else argument)
        if operator in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            return self._position(frozenset(char for char in self.alphabet if _takes(operator, argument, char)))
        if operator in ("ASSERT", "ASSERT_NOT"):
            self.add(argument[1])  # no path leads into it from outside, and it is judged all the same
        return _Part()  # an anchor, or what was matched before

    def _position(self, characters: frozenset[str]) -> _Part:
        self.accepts.append(characters)
        here = frozenset({len(self.accepts) - 1})
        return _Part(here, here, is_empty=False)

    def _joined(self, left: _Part, right: _Part) -> _Part:
        self._link(left.last, right.first)
        return _Part(
            first=left.first | right.first if left.is_empty else left.first,
            last=left.last | right.last if right.is_empty else right.last,
            is_empty=left.is_empty and right.is_empty,
        )

    def _repeated(self, least: int, most: Any, body: Iterable[_Node]) -> _Part:
        part = self.add(body)
        if most > _FEW:
            self._link(part.last, part.first)
        return part._replace(is_empty=part.is_empty or least == 0)

    def _link(self, before: Iterable[int], after: Iterable[int]) -> None:
        for position in before:
            self.links[position].update(after)


def _either(parts: list[_Part]) -> _Part:
    return _Part(
        first=frozenset().union(*(part.first for part in parts)),
        last=frozenset().union(*(part.last for part in parts)),
        is_empty=any(part.is_empty for part in parts),
    )


def _repeats_itself(automaton: _Automaton) -> bool:
    """Tell whether one character is followed by another in two ways, again and again, as in `(a+)+`."""
    group_of = _loops({state: list(followers) for state, followers in automaton.links.items()})
    return any(
        count > 1 and group_of[state] == group_of[follower]
        for state, followers in automaton.links.items()
        for follower, count in followers.items()
    )


def _forks(automaton: _Automaton) -> bool:
    """Tell whether two ways part and meet again where they parted, as in `(a|aa)+`."""
    group_of = _loops(_square(automaton))
    with_both = {group for (left, right), group in group_of.items() if left == right}
    return any(left != right and group in with_both for (left, right), group in group_of.items())


def _square(automaton: _Automaton) -> dict[_Pair, list[_Pair]]:
    """Return which pairs of places two readers of one text get to from one place; a part where there are too many."""
    after: dict[_Pair, list[_Pair]] = {}
    pending = [(state, state) for state in range(len(automaton.accepts))]
    links_left = _MOST_LINKS
    while pending and links_left > 0:
        pair = pending.pop()
        if pair not in after:
            after[pair] = list(_next_pairs(automaton, pair))
            links_left -= len(after[pair])
            pending.extend(after[pair])
    return after


def _next_pairs(automaton: _Automaton, pair: _Pair) -> Iterator[_Pair]:
    for left in automaton.links[pair[0]]:
        for right in automaton.links[pair[1]]:
            if automaton.accepts[left] & automaton.accepts[right]:
                yield left, right


def _loops(after: Mapping[T, Iterable[T]]) -> dict[T, T]:
    """Name for each node the group of nodes that lead to it and back (Kosaraju's algorithm)."""
    before: dict[T, list[T]] = defaultdict(list)
    for node, followers in after.items():
        for follower in followers:
            before[follower].append(node)
    group_of: dict[T, T] = {}
    for root in reversed(_finished(after)):
        pending = [root]
        while pending:
            node = pending.pop()
            if node not in group_of:
                group_of[node] = root
                pending.extend(before[node])
    return group_of


def _finished(after: Mapping[T, Iterable[T]]) -> list[T]:
    """List all nodes in the order in which a depth-first walk leaves them."""
    order: list[T] = []
    seen: set[T] = set()
    for root in list(after):
        pending = [(root, False)]
        while pending:
            node, is_left = pending.pop()
            if is_left:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                pending.append((node, True))
                pending.extend((follower, False) for follower in after.get(node, ()))
    return order


def _takes(operator: str, argument: Any, char: str) -> bool:
    """Tell whether a node takes a character."""
    if operator == "ANY":
        return char != "\n"
    if operator in ("LITERAL", "NOT_LITERAL"):
        return (ord(char) == argument) is (operator == "LITERAL")
    if operator == "RANGE":
        return bool(argument[0] <= ord(char) <= argument[1])
    if operator == "CATEGORY":
        category = _CATEGORIES.get(str(argument).removeprefix("CATEGORY_"))
        return category is not None and re.match(category, char) is not None
    items = [(str(kind), value) for kind, value in argument]
    is_negated = items[0][0] == "NEGATE"
    return is_negated is not any(_takes(kind, value, char) for kind, value in items if kind != "NEGATE")


def _named(node: Any) -> Iterator[str]:
    """Yield the characters a tree names, ends of ranges included."""
    if isinstance(node, tuple) and len(node) == 2 and str(node[0]) in ("LITERAL", "NOT_LITERAL", "RANGE"):
        codes = node[1] if isinstance(node[1], tuple) else (node[1],)
        yield from map(chr, codes)
    elif isinstance(node, list | tuple | _parser.SubPattern):
        for item in node:
            yield from _named(item)
