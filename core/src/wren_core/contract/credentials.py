"""Credentials: the secret values of one connection, readable by key and by nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn

from wren_core.contract.spec import CredentialSpec, IntegrationSpec
from wren_core.errors import CredentialMissing
from wren_core.protocol.variables import account_variable


class Credentials(Mapping[str, str]):
    """A read-only mapping from credential key to secret value.

    `repr` and `str` show the keys only, and it refuses to be pickled.

    Raises:
        CredentialMissing: on reading a key that is not there.
    """

    def __init__(
        self,
        values: Mapping[str, str] | None = None,
        *,
        integration: str = "",
        public: Iterable[str] = (),
        account: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._values = dict(values or {})
        self._integration = integration
        self._public = frozenset(public)
        self._account = account
        self._variables = dict(variables or {})

    @classmethod
    def of(
        cls,
        spec: IntegrationSpec,
        values: Mapping[str, str] | None,
        *,
        account: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> "Credentials":
        """Take values by key; which of them are secret is up to `spec`.

        Args:
            spec: declares the credentials.
            values: by key.
            account: alias of the connection they belong to, where the script names one.
            variables: the environment variable of each key, for the error of a missing one.
        """
        public = [credential.key for credential in spec.credentials if not credential.secret]
        return cls(values, integration=spec.name, public=public, account=account, variables=variables)

    @classmethod
    def from_env(
        cls, spec: IntegrationSpec, environ: Mapping[str, str], *, account: str | None = None
    ) -> "Credentials":
        """Take each credential of `spec` from its environment variable; absent and empty ones are left out.

        The account `work` has separate variables: `CHAT_ACCESS_TOKEN__WORK`.
        """
        named = spec.get_env_mapping()
        variables = named if account is None else {key: account_variable(var, account) for key, var in named.items()}
        values = {key: environ[var] for key, var in variables.items() if environ.get(var)}
        return cls.of(spec, values, account=account, variables=variables)

    def replace(self, spec: IntegrationSpec, fresh: Mapping[str, str]) -> "Credentials":
        """Return credentials with some values replaced, of the same account."""
        return self.of(spec, {**self, **fresh}, account=self._account, variables=self._variables)

    @property
    def secrets(self) -> list[str]:
        """The values that must not be shown."""
        return [value for key, value in self._values.items() if key not in self._public]

    def missing(self, specs: Iterable[CredentialSpec]) -> list[CredentialSpec]:
        """List the required credentials that have no value."""
        return [spec for spec in specs if spec.required and spec.key not in self._values]

    def __getitem__(self, key: str) -> str:
        try:
            return self._values[key]
        except KeyError:
            who = f" ({self._account})" if self._account else ""
            alias = f" --alias {self._account}" if self._account else ""
            raise CredentialMissing(
                f"{self._integration or 'the integration'}{who} has no credential {key!r}; "
                f"run `wren connect {self._integration}{alias}` or set {self._variables.get(key, 'its variable')}"
            ) from None

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]  # narrower on purpose
        """Return the value of `key`, or `default`."""
        return self._values.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Credentials({', '.join(f'{key}=***' for key in self._values)})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials cannot be pickled")
