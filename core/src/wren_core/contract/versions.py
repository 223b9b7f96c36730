"""Versions: Python's (PEP 440) as semantic versions, which definitions carry."""

import re

LONGEST = 50
"""Maximum number of characters of a version, here and in a database's column."""
# The expression of semver.org, without its anchors and groups.
_NUMBER = r"(?:0|[1-9]\d*)"
_IDENTIFIER = rf"(?:{_NUMBER}|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_SEMVER = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_IDENTIFIER}(?:\.{_IDENTIFIER})*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)
_STAGES = {"a": "alpha", "b": "beta", "rc": "rc"}


def is_semver(text: str) -> bool:
    """Tell whether the text is a version of semver.org 2.0.0, such as `1.4.0` or `2.0.0-rc.1`."""
    return _SEMVER.fullmatch(text) is not None


def semver_of(version: str) -> str:
    """Return the semantic version that stands for a version of a Python distribution; empty for an empty one.

    | PEP 440          | semver           |
    |------------------|------------------|
    | `1.2`            | `1.2.0`          |
    | `1.2.3rc1`       | `1.2.3-rc.1`     |
    | `1.2a1.dev3`     | `1.2.0-alpha.1.dev.3` |
    | `1.2.dev3`       | `1.2.0-0.dev.3`  |
    | `1.2.3.4.post1`  | `1.2.3+4.post.1` |
    | `1!2.0+local.7`  | `2.0.0+epoch.1.local.7` |

    Development versions of a release come before its alphas, these before betas, candidates and the release, as in
    Python; only those of a pre-release come after it. Parts that semver lacks (a fourth number, a post release, an
    epoch, a local part) become build metadata, which do not count in the order. A version that is not PEP 440, or is
    too long, becomes `0.0.0`.
    """
    from packaging.version import InvalidVersion, Version  # here: too slow for listing names

    if not version:
        return ""
    try:
        parsed = Version(version)
    except InvalidVersion:
        return _join("0.0.0", [], re.findall(r"[0-9a-zA-Z-]+", version))
    numbers = [*parsed.release, 0, 0][: max(3, len(parsed.release))]
    stage: list[str | int] = [_STAGES[parsed.pre[0]], parsed.pre[1]] if parsed.pre else []
    if parsed.dev is not None:
        stage = [*(stage or [0]), "dev", parsed.dev]
    build: list[str | int] = ["epoch", parsed.epoch] if parsed.epoch else []
    build += numbers[3:] + (["post", parsed.post] if parsed.post is not None else [])
    return _join(".".join(map(str, numbers[:3])), stage, [*build, *(parsed.local or "").split(".")])


def _join(core: str, stage: list[str | int], build: list[str | int]) -> str:
    text = core + (f"-{'.'.join(map(str, stage))}" if stage else "")
    text = text if len(text) <= LONGEST else "0.0.0"
    metadata = ".".join(str(part) for part in build if part != "")
    return f"{text}+{metadata}"[:LONGEST].rstrip("+.") if metadata else text
