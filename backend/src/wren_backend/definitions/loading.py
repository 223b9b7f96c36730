"""Loading the plugins of this process: which may be loaded, and whether they fit what the operator configured."""

import logging
from collections.abc import Mapping
from datetime import datetime

import structlog

from wren_backend.definitions.catalogue import open_catalogue
from wren_backend.settings import IntegrationSettings, Settings, SettingsInvalid
from wren_backend.storage.database import Database
from wren_core.contract.configuration import check_config
from wren_core.errors import ConfigInvalid
from wren_core.plugins.disabled import DisabledPlugins
from wren_core.plugins.policy import REFUSAL_CODES, PluginPolicy, first_party_distributions
from wren_core.plugins.registry import Registry
from wren_core.protocol.variables import config_variable

log = structlog.get_logger()


def plugin_policy(settings: Settings) -> PluginPolicy:
    """Return which plugins this process may load.

    Raises:
        UserFacingConfigError: PLUGINS_FOLDER_UNUSABLE, where the names of disabled plugins cannot be read.
    """
    disabled = settings.plugins_disabled
    if disabled is None:
        folder = settings.plugins_folder
        disabled = (DisabledPlugins(folder) if folder else DisabledPlugins.of_environment({})).names()
    return PluginPolicy(
        allow=settings.plugins_allow,
        deny=settings.plugins_deny,
        disabled=disabled,
        safe_mode=settings.plugins_safe_mode,
        time_limit=settings.plugins_time_limit,
        first_party=first_party_distributions(),
    )


def load_registry(database: Database, *, now: datetime, policy: PluginPolicy | None = None) -> Registry:
    """Load the installed plugins that changed; one that fails is logged and shown, and does not stop the others."""
    registry = open_catalogue(database, now=now, policy=policy)
    for failed in registry.failed.values():
        is_refused = failed.code in REFUSAL_CODES  # the operator's own choice: not an error
        log.log(
            logging.INFO if is_refused else logging.ERROR,
            "plugin.refused" if is_refused else "plugin.failed",
            plugin=failed.name,
            distribution=failed.distribution,
            version=failed.version,
            code=failed.code,
            reason=failed.reason,
        )
    log.info("plugins.loaded", plugins=registry.names())
    return registry


def check_configured(configured: Mapping[str, IntegrationSettings], registry: Registry) -> None:
    """Check the operator's configuration of integrations; a connection or a script may give the missing values.

    Raises:
        SettingsInvalid: names the variable, the field and the reason.
    """
    for name, settings in configured.items():
        if name not in registry:
            log.warning("settings.integration_unknown", integration=name)
        elif settings.config:
            try:
                check_config(registry.spec(name), settings.config, is_partial=True)
            except ConfigInvalid as exc:
                raise SettingsInvalid(f"{config_variable(name)}: {exc.message}") from exc
