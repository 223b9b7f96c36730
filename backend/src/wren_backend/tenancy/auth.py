"""Subjects, and the API keys that prove them.

A key is `wren_<prefix>_<secret>`. The prefix finds the row, the hash of the whole key proves it, and the key itself
is shown once, when it is issued.
"""

import hmac
import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from wren_backend.ids import hash_token, new_token
from wren_backend.storage.database import Database, ReadSession, WriteSession
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.models import ApiKey, Role, User

DEFAULT_WORKSPACE = "default"

_PREFIX_LENGTH = 8
_PREFIX_ALPHABET = string.ascii_lowercase + string.digits
_KEY_FORM = re.compile(r"wren_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")
# The time of last use is for people; recording each use would make every request a write.
_USE_GRANULARITY = timedelta(minutes=1)
# Compared where no key has the prefix, so that an unknown key takes as long as a wrong one.
_NO_HASH = hash_token("")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The user on whose behalf something is done; a subject sees only its own workspace."""

    workspace_id: str
    user_id: str
    key_id: str | None = None
    """The API key used; None in a run, where the platform acts for the user."""
    is_admin: bool = False
    """Whether it may do with what other users of the workspace own what they may."""


@dataclass(frozen=True, kw_only=True)
class IssuedKey:
    """A new API key; `plain` is its only copy."""

    row: ApiKey
    plain: SecretStr


@dataclass(frozen=True, kw_only=True)
class FirstStart:
    """What the first start on an empty database made."""

    subject: Subject
    plain: SecretStr


def issue_key(
    session: WriteSession, user: User, *, name: str, now: datetime, expires_at: datetime | None = None
) -> IssuedKey:
    """Make an API key for a user. Show `plain` to its owner and do not store it."""
    while True:  # a prefix in use is drawn again, which is rare among 36**8
        prefix = "".join(secrets.choice(_PREFIX_ALPHABET) for _ in range(_PREFIX_LENGTH))
        plain = f"wren_{prefix}_{new_token()}"
        row = tenancy.add_api_key(
            session, user, name=name, prefix=prefix, key_hash=hash_token(plain), now=now, expires_at=expires_at
        )
        if row is not None:
            return IssuedKey(row=row, plain=SecretStr(plain))


def has_key_form(text: str) -> bool:
    """Tell whether a text could be a key; says nothing about whether it is one."""
    return _KEY_FORM.fullmatch(text) is not None


def verify_key(session: ReadSession, plain: str, *, now: datetime) -> ApiKey | None:
    """Return the row of a key that is genuine, unexpired and not revoked, of a user who is not disabled."""
    form = _KEY_FORM.fullmatch(plain)
    row = tenancy.find_usable_api_key(session, form.group(1), now=now) if form else None
    is_genuine = hmac.compare_digest(hash_token(plain), row.key_hash if row else _NO_HASH)
    return row if is_genuine else None


def authenticate(database: Database, plain: str, *, now: datetime) -> Subject | None:
    """Return the subject of a key, or None. Nothing is cached: a revoked key is refused from the next request on."""
    with database.reading() as session:
        row = verify_key(session, plain, now=now)
        user = None if row is None else tenancy.find_user(session, row.workspace_id, row.user_id)
    if row is None or user is None:
        return None
    if row.last_used_at is None or now - row.last_used_at >= _USE_GRANULARITY:
        with database.writing() as session:
            tenancy.note_api_key_use(session, row.id, now=now)
    return Subject(workspace_id=row.workspace_id, user_id=row.user_id, key_id=row.id, is_admin=user.role is Role.ADMIN)


def bootstrap(
    database: Database, *, now: datetime, workspace: str = DEFAULT_WORKSPACE, user_name: str = "admin"
) -> FirstStart | None:
    """Give an empty database its first workspace, user and key; None where there is one already.

    Of several processes that start at once, one gets the key.
    """
    with database.writing() as session:
        if tenancy.count_workspaces(session) > 0:
            return None
        row = tenancy.add_workspace(session, workspace, name=workspace, now=now)
        if row is None:
            return None
        user = tenancy.add_user(session, row.id, name=user_name, role=Role.ADMIN, now=now)
        issued = issue_key(session, user, name="first key", now=now)
    subject = Subject(workspace_id=user.workspace_id, user_id=user.id, key_id=issued.row.id, is_admin=True)
    return FirstStart(subject=subject, plain=issued.plain)
