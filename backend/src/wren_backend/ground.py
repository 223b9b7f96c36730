"""What every feature is built on: the settings, the clock, the metrics, the database, the vault and the registry."""

from dataclasses import dataclass
from functools import cached_property

from wren_backend.clock import Clock
from wren_backend.metrics import Metrics
from wren_backend.settings import Settings
from wren_backend.storage.database import Database
from wren_backend.storage.pagination import CursorCodec
from wren_backend.vault.service import Vault
from wren_core.plugins.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Made once at start and passed to the `build` module of every feature."""

    settings: Settings
    clock: Clock
    metrics: Metrics
    database: Database
    vault: Vault
    registry: Registry

    @cached_property
    def cursors(self) -> CursorCodec:
        """Return the codec of cursors, which are good as long as the master key."""
        return CursorCodec(self.vault.derive_key("cursors"))
