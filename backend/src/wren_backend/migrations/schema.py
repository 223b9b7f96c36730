"""Every table in one place: importing this module completes the metadata."""

from sqlalchemy import MetaData

from wren_backend.connections.models import Connection, ConnectLink, OAuthState
from wren_backend.definitions.models import StoredDefinition
from wren_backend.deployments.models import Deployment, DeploymentVersion
from wren_backend.idempotency.models import IdempotencyKey
from wren_backend.messages.models import InboxMessage
from wren_backend.runs.models import AICall, AIMonth, Run, RunCall, RunLog
from wren_backend.spending.models import AIBudget
from wren_backend.storage.tables import Table
from wren_backend.tenancy.models import ApiKey, User, Workspace
from wren_backend.triggers.models import Trigger
from wren_backend.vault.models import DataKey, MasterKeyCheck, SealedCredential

TABLES: tuple[type[Table], ...] = (
    *(Workspace, User, ApiKey, MasterKeyCheck, DataKey, Connection, SealedCredential, ConnectLink, OAuthState),
    *(Deployment, DeploymentVersion, Trigger, Run, RunLog, RunCall, InboxMessage, IdempotencyKey, StoredDefinition),
    *(AICall, AIMonth, AIBudget),
)

metadata: MetaData = Table.metadata
