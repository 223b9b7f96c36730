"""Master keys: versioned, newest last, kept in a file that only its owner may read (or given in the environment).

The file has one key a line, `mk_<name> <base64 of 32 bytes>`; the last line seals, the others still open.
"""

import base64
import binascii
import os
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from wren_backend.ids import new_id
from wren_backend.vault.crypto import KEY_BYTES, new_key
from wren_backend.vault.errors import MasterKeyExposed, MasterKeyInvalid, MasterKeyMissing

# 32 random bytes hold 30 different values on average and fewer than 16 never; a placeholder holds one or a few.
_FEWEST_DISTINCT_BYTES = 16
_NAME_PREFIX = "mk_"


@dataclass(frozen=True, kw_only=True)
class MasterKey:
    """One master key and the name it is known by."""

    id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not self.id.startswith(_NAME_PREFIX):
            raise MasterKeyInvalid(f"a master key is named {_NAME_PREFIX}<something>; this one is not")
        if len(self.secret) != KEY_BYTES:
            raise MasterKeyInvalid(f"master key {self.id} has {len(self.secret)} bytes; it needs {KEY_BYTES}")
        if len(set(self.secret)) < _FEWEST_DISTINCT_BYTES:
            raise MasterKeyInvalid(
                f"master key {self.id} is a placeholder, not random: `head -c 32 /dev/urandom | base64` makes one"
            )


@dataclass(frozen=True, kw_only=True)
class MasterKeys:
    """The available master keys, oldest first."""

    keys: tuple[MasterKey, ...]

    @property
    def primary(self) -> MasterKey:
        """Return the key that seals: the newest."""
        return self.keys[-1]

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the names, oldest first."""
        return tuple(key.id for key in self.keys)

    def get(self, key_id: str) -> MasterKey:
        """Return the key of that name.

        Raises:
            MasterKeyMissing: it is not available.
        """
        for key in self.keys:
            if key.id == key_id:
                return key
        raise MasterKeyMissing(f"master key {key_id} is needed and was not given; available: {', '.join(self.ids)}")

    def render(self) -> str:
        """Return the text of the key file."""
        return "".join(f"{key.id} {base64.urlsafe_b64encode(key.secret).decode()}\n" for key in self.keys)


def new_master_key() -> MasterKey:
    """Return a fresh master key under a fresh name."""
    return MasterKey(id=new_id("mk"), secret=new_key())


def generate_key_line() -> str:
    """Return a fresh key in the form of the key file, for operators who keep keys elsewhere."""
    return MasterKeys(keys=(new_master_key(),)).render().strip()


def parse_master_keys(text: str, *, origin: str) -> MasterKeys:
    """Read keys, one a line (or separated by commas); lines that begin with # are comments.

    Args:
        text: as described at the top of this module.
        origin: where the text is from, for the message; the text itself is never shown.

    Raises:
        MasterKeyInvalid: says what is wrong and in which line.
    """
    lines = [line.strip() for line in text.replace(",", "\n").splitlines()]
    keys = tuple(
        _parse_line(line, f"{origin}, line {number}")
        for number, line in enumerate(lines, start=1)
        if line and not line.startswith("#")
    )
    if not keys:
        raise MasterKeyInvalid(f"{origin} holds no master key")
    if len({key.id for key in keys}) != len(keys):
        raise MasterKeyInvalid(f"{origin} names a master key twice")
    return MasterKeys(keys=keys)


class GivenKeys:
    """Master keys given as text, which stay as they are."""

    def __init__(self, text: str, *, origin: str) -> None:
        self._keys = parse_master_keys(text, origin=origin)

    def current(self) -> MasterKeys:
        """Return the keys."""
        return self._keys


class KeyFile:
    """Master keys in a file; a change of the file is noticed, so rotation needs no restart."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._read: tuple[tuple[int, int, int], MasterKeys] | None = None

    def exists(self) -> bool:
        """Tell whether the file is there."""
        return self.path.exists()

    def current(self) -> MasterKeys:
        """Return the keys in the file.

        Raises:
            MasterKeyMissing: there is no such file.
            MasterKeyExposed: others than its owner may read it.
            MasterKeyInvalid: it does not hold keys.
        """
        with self._lock:
            signature = _signature(self._status())
            if self._read is None or self._read[0] != signature:
                self._read = (signature, self._load())
            return self._read[1]

    def create(self) -> None:
        """Make the file with one fresh key; where another process was faster, its file is kept."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._draft(MasterKeys(keys=(new_master_key(),)))
        try:
            os.link(draft, self.path)  # unlike rename, this does not replace a file that is there
        except FileExistsError:
            return
        finally:
            draft.unlink()

    def replace(self, keys: MasterKeys) -> None:
        """Replace the file with `keys` atomically."""
        self._draft(keys).replace(self.path)

    def _status(self) -> os.stat_result:
        try:
            return self.path.stat()
        except FileNotFoundError:
            raise MasterKeyMissing(f"the master key file {self.path} is missing; restore it from its backup") from None

    def _load(self) -> MasterKeys:
        with self.path.open("rb") as file:
            status = os.fstat(file.fileno())  # of the file that is read, whatever the path names by now
            if stat.S_IMODE(status.st_mode) & 0o077:
                raise MasterKeyExposed(f"others may read {self.path}; run `chmod 600 {self.path}` and rotate the key")
            content = file.read()
        return parse_master_keys(content.decode("utf-8", "replace"), origin=str(self.path))

    def _draft(self, keys: MasterKeys) -> Path:
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")  # made with mode 0600
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(keys.render())
            file.flush()
            os.fsync(file.fileno())
        return Path(name)


def _signature(status: os.stat_result) -> tuple[int, int, int]:
    return (status.st_ino, status.st_mtime_ns, status.st_mode)


def _parse_line(line: str, origin: str) -> MasterKey:
    name, _, encoded = line.partition(" ")
    try:
        secret = base64.b64decode(encoded.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise MasterKeyInvalid(f"{origin} is not `mk_<name> <base64 of {KEY_BYTES} bytes>`") from None
    return MasterKey(id=name, secret=secret)
