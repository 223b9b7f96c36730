"""The errors of master keys and sealed credentials."""

from wren_core.errors import UserFacingConfigError


class CredentialUndecryptable(UserFacingConfigError):
    """A sealed value does not open: altered, moved from another row, or sealed with another key."""

    code = "CREDENTIAL_UNDECRYPTABLE"


class MasterKeyInvalid(UserFacingConfigError):
    """The text given as master keys is not keys: wrong form, wrong length, or a placeholder."""

    code = "MASTER_KEY_INVALID"


class MasterKeyExposed(UserFacingConfigError):
    """Others than the owner may read the master key file."""

    code = "MASTER_KEY_EXPOSED"


class MasterKeyMissing(UserFacingConfigError):
    """The data are sealed with a master key that was not given; the message names it."""

    code = "MASTER_KEY_MISSING"


class MasterKeyWrong(UserFacingConfigError):
    """A master key has the right name and the wrong bytes."""

    code = "MASTER_KEY_WRONG"


class MasterKeyInUse(UserFacingConfigError):
    """A master key that still wraps data keys, or the newest one, cannot be retired."""

    code = "MASTER_KEY_IN_USE"
