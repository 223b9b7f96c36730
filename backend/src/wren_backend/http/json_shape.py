"""The shape of a JSON text, measured without parsing it: how deep it is nested, and how many values it holds.

Parsing turns a byte into as many as fifty, and deep nesting ends it with a `RecursionError`. This costs a few passes
over the bytes, whatever they are.
"""

from dataclasses import dataclass

from wren_core.errors import AgentFixableError

MAX_DEPTH = 512
MAX_VALUES = 100_000
_STEPS = {b"["[0]: 1, b"{"[0]: 1, b"]"[0]: -1, b"}"[0]: -1}
_OTHER = bytes(sorted(set(range(256)) - set(_STEPS)))


@dataclass(frozen=True, kw_only=True)
class BodyShape:
    """The least depth and number of values of a text; those of a text that is not JSON mean nothing."""

    depth: int
    values: int


def measure(text: bytes) -> BodyShape:
    """Return the shape of a JSON text in UTF-8. Takes time in proportion to its length.

    Measuring ends at `MAX_VALUES`: the depth of a text with more is 0.
    """
    plain = text.replace(b"\\\\", b"").replace(b'\\"', b"")  # now each quotation mark begins or ends a string
    strings = plain.count(b'"') // 2
    outside = b"".join(plain.split(b'"')[::2]) if strings <= 2 * MAX_VALUES else b""
    values = max(strings // 2, outside.count(b",") + outside.count(b"[") + outside.count(b"{"))
    if values > MAX_VALUES:
        return BodyShape(depth=0, values=values)
    return BodyShape(depth=_depth(outside.translate(None, _OTHER)), values=values)


def _depth(brackets: bytes) -> int:
    deepest = level = 0
    for bracket in brackets:
        level += _STEPS[bracket]
        deepest = max(deepest, level)
    return deepest


def check_json(text: bytes) -> None:
    """Refuse a text that is costly to parse.

    Raises:
        AgentFixableError: MALFORMED_JSON or BODY_TOO_LARGE.
    """
    if b"\0" in text:  # UTF-16 or UTF-32, or a control character that JSON does not allow
        raise AgentFixableError("the body is not JSON in UTF-8; encode it so", code="MALFORMED_JSON")
    shape = measure(text)
    if shape.values > MAX_VALUES:
        raise AgentFixableError(f"the body holds more than {MAX_VALUES:,} values; send less", code="BODY_TOO_LARGE")
    if shape.depth > MAX_DEPTH:
        raise AgentFixableError(
            f"the body is nested deeper than {MAX_DEPTH} levels; make it flatter", code="MALFORMED_JSON"
        )
