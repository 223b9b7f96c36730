"""W206: a missing credential is missed by name, before anything is sent."""

from collections.abc import Iterator

from wren_core.errors import CredentialMissing
from wren_core.testing.contacts import watched
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.stage import Stage
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    keys = [credential.key for credential in subject.spec.credentials if credential.required]
    if not keys:
        raise NotApplicable("it needs no credential")
    stage = Stage(subject.integration, make_fake=subject.make_fake, config=subject.config)
    with stage.dark(), watched(lambda _: False):
        for key in keys:
            others = {name: value for name, value in stage.stand_ins().items() if name != key}
            problem = _problem_without(stage, others)
            if problem:
                message = f"{problem} without {key!r}; read it there, so that it is missed before the first request"
                yield Finding(place=f"{subject.name}.{key}", message=message)


def _problem_without(stage: Stage, credentials: dict[str, str]) -> str | None:
    try:
        instance = stage.connect(credentials=credentials)
        _ = instance.client
    except CredentialMissing:
        return None
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is not the error that names the credential
        return f"connect() raises {type(exc).__name__}"
    instance.close()
    return "connect() works"


RULE = Rule(
    id="W206-credentials",
    tier=Tier.SILVER,
    title="A missing credential is missed by name when the client is made",
    why="CredentialMissing tells a person what to connect; a request without a key tells them 401 from far away.",
    fix='Read it in connect() by its key, self.credentials["api_key"]: that raises CredentialMissing by itself.',
    check=_check,
)
