"""Decode bytes of e-mails to text. No function here raises, and no letter is dropped without a mark.

Mail programs read a declared charset as its superset: latin-1 as windows-1252, gb2312 as gb18030, ks_c_5601-1987 as
cp949. Many senders, and providers that convert text, declare one charset and write UTF-8, so UTF-8 is tried first:
text in other charsets is almost never valid UTF-8.
"""

import codecs
import re
from collections.abc import Iterator

# Python codecs that are not charsets of e-mail; the first two take quadratic time.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})
_SUPERSETS = {
    "ascii": ("cp1252",),
    "iso8859-1": ("cp1252",),
    "iso8859-9": ("cp1254",),
    "iso8859-11": ("cp874",),
    "tis-620": ("cp874",),
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "big5": ("cp950", "big5hkscs"),
    "euc_kr": ("cp949",),
    "shift_jis": ("cp932", "shift_jis_2004"),
    "euc_jp": ("euc_jp", "euc_jis_2004"),
    "iso2022_jp": ("iso2022_jp", "iso2022_jp_ext"),
}
# Labels that senders use and Python does not know.
_LABELS = {
    "unicode-1-1-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode": "utf-16",
    "chinese": "gb18030",
    "cn-gb": "gb18030",
    "cn-big5": "big5",
    "uhc": "cp949",
    "korean": "cp949",
    "x-sjis": "cp932",
    "x-ms-cp932": "cp932",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "dos-874": "cp874",
}
# Names that are recognised with other characters around them, as in windows-1252http-equivContent-Type.
_FAMILY = re.compile(
    r"windows[-_ ]?(?P<windows>\d{3,4})|cp[-_ ]?(?P<page>\d{3,5})|iso[-_ ]?8859[-_ ]?(?P<part>\d{1,2})"
    r"|utf[-_ ]?(?P<bits>8|16|32|7)|(?P<whole>koi8[-_][ru]|gb[-_]?2312|gbk|gb18030|big5|euc[-_](?:jp|kr)"
    r"|shift[-_]jis|sjis|ks_c_5601|iso-2022-(?:jp|kr)|us-ascii|latin-?1)",
    re.ASCII,
)
_EAST_ASIAN = frozenset({"gb18030", "cp949", "johab", "cp950", "big5hkscs", "cp932", "euc_jp", "euc_jis_2004"})
_SEVEN_BIT = frozenset({"utf-7", "hz"})
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)


def decode(data: bytes, label: str = "") -> str:
    """Return the text of bytes whose charset is declared, rightly or not, as `label`."""
    codecs_declared = find_codecs(label)
    text = next(filter(None, (_read(data, codec) for codec in _order(data, codecs_declared))), None)
    return clean(_guess(data, codecs_declared) if text is None else text).removeprefix("\ufeff")


def decode_html(data: bytes, label: str = "") -> str:
    """Return the text of an HTML page; where no usable charset is declared, its `meta` element decides."""
    is_vague = label.strip().lower() in ("ascii", "us-ascii") or not find_codecs(label)
    found = _META.search(data[:2048]) if is_vague else None
    return decode(data, found[1].decode() if found else label)


def find_codecs(label: str) -> tuple[str, ...]:
    """Return the Python codecs to try for a declared charset; none if it means nothing."""
    name = re.split(r"[;\s]", label.strip("\"' \t;"), maxsplit=1)[0].strip("\"'").lower()
    for candidate in (_LABELS.get(name, name), name.removeprefix("x-"), _find_family(label.lower())):
        codec = _find_codec(candidate)
        if codec:
            return _SUPERSETS.get(codec, (codec,))
    return ()


def clean(text: str) -> str:
    """Replace lone surrogates, which JSON and UTF-8 cannot represent; truncated emoji leave them in snippets."""
    return text.encode("utf-8", "replace").decode()


def _order(data: bytes, declared: tuple[str, ...]) -> Iterator[str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and len(data) % 2 == 0 and not declared:
        yield "utf-16"
    is_stateful = b"\x1b" in data or b"\x00" in data or not _SEVEN_BIT.isdisjoint(declared)
    if is_stateful or (not _EAST_ASIAN.isdisjoint(declared) and _is_short_of_ideographs(data)):
        yield from declared
    yield "utf-8"
    yield from declared


def _is_short_of_ideographs(data: bytes) -> bool:
    """Return whether bytes can be UTF-8 only by chance: a text that is declared as East Asian would have ideographs."""
    return max(_read(data, "utf-8") or "", default="") < "\u0800"


def _read(data: bytes, codec: str) -> str | None:
    try:
        if codec == "iso2022_jp_ext":  # mail programs write characters of vendors in the older set
            return data.replace(b"\x1b$B", b"\x1b$(Q").decode("iso2022_jp_2004")
        return data.decode(codec)
    except (LookupError, ValueError):
        return None


def _guess(data: bytes, declared: tuple[str, ...]) -> str:
    """Decode damaged text: in the declared charset or UTF-8 if little is damaged, else as windows-1252."""
    foreign = sum(byte > 127 for byte in data)
    for codec in (*declared[:1], "utf-8"):
        text = data.decode(codec, "replace")
        if text.count("\ufffd") * 4 <= foreign:
            return text
    return data.decode("cp1252", "replace")


def _find_codec(name: str) -> str | None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._:+-]{0,39}", name):
        return None
    try:
        codec = codecs.lookup(name).name
        b"".decode(codec)
    except (LookupError, ValueError):
        return None
    return None if codec in _NO_CHARSETS else codec


def _find_family(label: str) -> str:
    found = _FAMILY.search(label[:200])
    if not found:
        return ""
    page, part, bits, whole = found["windows"] or found["page"], found["part"], found["bits"], found["whole"]
    if page:
        return "utf-8" if page == "65001" else f"cp{page}"
    return f"iso8859-{part}" if part else f"utf-{bits}" if bits else {"sjis": "shift_jis"}.get(whole, whole)
