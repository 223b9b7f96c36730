"""Writes stubs to disk, or compares them with those on disk."""

from dataclasses import dataclass
from pathlib import Path

from wren.stubs.package import MARK, StubPackage
from wren_core.errors import UserFacingConfigError


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The files that differ; paths relative to the folder."""

    changed: tuple[str, ...] = ()
    """Missing, or with a different text."""
    stale: tuple[str, ...] = ()
    """Of an integration that is no longer installed."""

    def __bool__(self) -> bool:
        return bool(self.changed or self.stale)


def compare(package: StubPackage, folder: Path) -> Difference:
    """Return the differences between the folder and the package.

    Raises:
        UserFacingConfigError: STUBS_FOREIGN, if a file there was not written by this command.
    """
    present = {path: _read_text(folder / path) for path in package.files}
    foreign = sorted(path for path, text in present.items() if text is not None and not text.startswith(MARK))
    if foreign:
        raise UserFacingConfigError(
            f"{folder / foreign[0]} was not written by this command; choose another --output, or move the file",
            code="STUBS_FOREIGN",
        )
    found = (
        path for path in (folder / "wren" / "_installed").glob("*.pyi") if (_read_text(path) or "").startswith(MARK)
    )
    stale = {path.relative_to(folder).as_posix() for path in found} - package.files.keys()
    changed = (path for path, text in package.files.items() if present[path] != text)
    return Difference(changed=tuple(changed), stale=tuple(sorted(stale)))


def write(package: StubPackage, folder: Path) -> Difference:
    """Write the package to the folder, and return the differences that existed; other files are not changed.

    Raises:
        UserFacingConfigError: STUBS_FOREIGN, or STUBS_UNWRITABLE.
    """
    difference = compare(package, folder)
    try:
        for path in difference.changed:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(package.files[path], encoding="utf-8")
        for path in difference.stale:
            (folder / path).unlink()
    except OSError as exc:
        reason = f"{exc.filename or folder} cannot be written: {exc.strerror}; choose another --output"
        raise UserFacingConfigError(reason, code="STUBS_UNWRITABLE") from exc
    return difference


def _read_text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
    except UnicodeDecodeError:
        return ""
