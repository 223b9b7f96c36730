"""What a script may read of the machine: Python, the installed packages, certificates, time zones. Nothing else.

Never a whole project tree just because a virtual environment lies in it: the platform's own data may be next to it.
"""

import glob
import importlib.metadata
import json
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

_SYSTEM = (
    *("/usr", "/bin", "/lib", "/lib32", "/lib64"),
    *("/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted"),
    *("/etc/ca-certificates", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types"),
    *("/dev/urandom", "/dev/random", "/dev/zero"),
)


def list_readable(extra: Iterable[Path] = ()) -> list[Path]:
    """Return existing paths, each with everything below it."""
    candidates = (*map(Path, _SYSTEM), *_python(), *_site_packages(), *list_editable_sources(), *extra)
    # os.path: Path.exists raises for a path that this process may not inspect; such a path is not granted.
    existing = {path for path in candidates if os.path.exists(path)}  # noqa: PTH110 - hundreds of paths at every start
    return sorted(path for path in existing if not any(parent in existing for parent in path.parents))


def list_denied() -> list[Path]:
    """Return what lies in a readable tree but must stay unreadable: the platform's own code."""
    return [path for folder in _site_packages() if (path := folder / "wren_backend").exists()]


def find_exposed(protected: Iterable[Path], readable: Iterable[Path]) -> Path | None:
    """Return the first protected path that a script could read, or None."""
    trees = [path.resolve() for path in readable]
    return next((path for path in protected if any(path.resolve().is_relative_to(tree) for tree in trees)), None)


def _python() -> Iterator[Path]:
    executable = Path(sys.executable)
    yield executable.parent
    yield executable.resolve().parent
    yield Path(sys.prefix) / "pyvenv.cfg"
    for name in ("stdlib", "platstdlib"):
        yield Path(sysconfig.get_path(name))
    # A Python that was moved after it was built has its library next to it, not at the path it was built for.
    for folder in (Path(sys.base_prefix) / "lib", sysconfig.get_config_var("LIBDIR") or ""):
        yield from map(Path, glob.glob(f"{folder}/libpython*"))  # noqa: PTH207 - silent about what it may not see


def _site_packages() -> Iterator[Path]:
    # Both calls: Linux distributions patch one or the other.
    yield from {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")} | set(
        map(Path, site.getsitepackages())
    )


def list_editable_sources() -> list[Path]:
    """Return the source folders of distributions installed in place, which is how plugins are developed."""
    folders: list[Path] = []
    for distribution in importlib.metadata.distributions():
        text = distribution.read_text("direct_url.json")
        project = _project_folder(text) if text else None
        if project is None:
            continue
        source = project / "src"
        folders += [source] if source.is_dir() else [path.parent for path in project.glob("*/__init__.py")]
    return [folder for folder in folders if not (folder / "wren_backend").exists()]


def _project_folder(direct_url: str) -> Path | None:
    record = json.loads(direct_url)
    if not record.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlsplit(record["url"]).path))
