"""Credentials: the secret values of one connection, readable by key and by nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn

from wren_core.contract.spec import CredentialSpec, IntegrationSpec
from wren_core.errors import CredentialMissing


class Credentials(Mapping[str, str]):
    """A read-only mapping from credential key to secret value.

    `repr` and `str` show the keys only, and it refuses to be pickled.

    Raises:
        CredentialMissing: on reading a key that is not there.
    """

    def __init__(
        self, values: Mapping[str, str] | None = None, *, integration: str = "", public: Iterable[str] = ()
    ) -> None:
        self._values = dict(values or {})
        self._integration = integration
        self._public = frozenset(public)

    @classmethod
    def of(cls, spec: IntegrationSpec, values: Mapping[str, str] | None) -> "Credentials":
        """Take values by key; which of them are secret is up to `spec`."""
        public = [credential.key for credential in spec.credentials if not credential.secret]
        return cls(values, integration=spec.name, public=public)

    @classmethod
    def from_env(cls, spec: IntegrationSpec, environ: Mapping[str, str]) -> "Credentials":
        """Take each credential of `spec` from its environment variable; absent and empty ones are left out."""
        return cls.of(spec, {key: environ[var] for key, var in spec.get_env_mapping().items() if environ.get(var)})

    @property
    def secrets(self) -> list[str]:
        """The values nobody may be shown."""
        return [value for key, value in self._values.items() if key not in self._public]

    def missing(self, specs: Iterable[CredentialSpec]) -> list[CredentialSpec]:
        """List the required credentials that have no value."""
        return [spec for spec in specs if spec.required and spec.key not in self._values]

    def __getitem__(self, key: str) -> str:
        try:
            return self._values[key]
        except KeyError:
            raise CredentialMissing(
                f"{self._integration or 'the integration'} has no credential {key!r}; "
                f"run `wren connect {self._integration}` or set its environment variable"
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
