"""What a fake cannot prove is unproved, and counts for no tier; what it can prove, is proved by behaviour."""

import socket
from typing import Annotated
from urllib.parse import urlsplit

import pytest

from wren_core import (
    AuthFailed,
    CredentialSpec,
    CredentialType,
    Integration,
    IntegrationConfig,
    IntegrationSpec,
    method,
)
from wren_core.errors import RateLimited, Rejected, Unavailable
from wren_core.testing import FakeTcpProvider
from wren_core.testing.import_probe import ImportFacts
from wren_core.testing.project import Project
from wren_core.testing.report import check_rules
from wren_core.testing.rules.registry import RULES
from wren_core.testing.target import CheckTarget

README = "| `get(key)` | Read |\n\n`host` `port` CACHE_PASSWORD"
PROJECT = Project(
    name="wren-cache",
    version="1.0",
    summary="A cache",
    license="MIT",
    requires_python=">=3.11",
    requires=("wren-core<1", "pytest"),
    readme=README,
)
REASONS = dict.fromkeys(("W204", "W205"), "the protocol has no separate answer for limits and outages")


class Cache(Integration):
    """Read a cache by its protocol of lines."""

    spec = IntegrationSpec(
        name="cache",
        display_name="Cache",
        config_hosts=("{host}:{port}",),
        credentials=(
            CredentialSpec(
                key="password", type=CredentialType.CUSTOM, description="Its password", env_var="CACHE_PASSWORD"
            ),
        ),
    )

    class Config(IntegrationConfig):
        """Settings."""

        host: Annotated[str, "Host"]
        port: Annotated[int, "Port"] = 6379

    def connect(self):
        password = self.credentials["password"]
        if not password.isascii() or not password.isprintable():
            raise AuthFailed("the password has characters that cannot be sent")
        return lambda: socket.create_connection((self.config.host, self.config.port), timeout=30)

    @method(example='cache.get("a")')
    def get(self, key: Annotated[str, "Which"]) -> str:
        """Read a value."""
        with self.client() as connection:
            return self.ask(connection, f"{self.credentials['password']} {key}")

    def ask(self, connection: socket.socket, line: str) -> str:
        connection.sendall(f"{line}\n".encode())
        answer = connection.recv(1000).decode().strip()
        if not answer:
            raise Unavailable("it hung up")
        if answer == "-DENIED":
            self.refuse()
        return self.read(answer)

    def refuse(self):
        raise ConnectionError("denied")  # as client libraries have it; it is no broken connection

    def read(self, answer: str) -> str:
        return answer


class RightCache(Cache):
    """Read a cache by its protocol of lines."""

    def refuse(self):
        raise AuthFailed("the cache refuses the password")

    def read(self, answer: str) -> str:
        errors = {"-BUSY": RateLimited("busy", 1234), "-LOADING": Unavailable("loading"), "-NOPERM": Rejected("no")}
        if answer in errors:
            raise errors[answer]
        return answer


class FakeCache(FakeTcpProvider):
    name, scheme, password = "cache", "cache", "right"

    def configuration(self, url):
        return {"host": urlsplit(url).hostname, "port": urlsplit(url).port}

    def credentials(self):
        return {"password": "right"}

    def handle_client(self, stream):
        for line in stream:
            given = line.decode().split()[0]
            stream.write(self.answer(given).encode() + b"\n")
            stream.flush()

    def answer(self, given):
        return "value" if given == self.password else "-DENIED"


class OpenCache(FakeCache):
    def answer(self, given):
        return "value"


class DrivenCache(FakeCache):
    """Answers with what the protocol has for some statuses."""

    status = 0

    def answer_status(self, status, *, times=1):
        self.status = status if status in self.words else 0
        return bool(self.status)

    def end_faults(self):
        super().end_faults()
        self.status = 0

    words = {401: "-DENIED", 403: "-NOPERM", 429: "-BUSY", 500: "-LOADING", 503: "-LOADING"}

    def answer(self, given):
        return self.words.get(self.status) or super().answer(given)


class HalfDrivenCache(DrivenCache):
    words = {500: "-LOADING", 503: "-LOADING"}


def outcomes(integration, fake, **exempt):
    imported = ImportFacts(module="wren_cache", cpu_seconds=0, modules=())
    project = Project(**{**vars(PROJECT), "exemptions": exempt})
    target = CheckTarget(integration=integration, make_fake=fake, project=project, imported=imported)
    report = check_rules(target, rules=[rule for rule in RULES if rule.code != "W101"])  # it is not installed
    found = {result.rule.code: result.outcome for result in report.results}
    return report, {code: found[code] for code in ("W203", "W204", "W205")}


def test_a_wrong_credential_is_tried_where_a_protocol_has_no_statuses():
    report, found = outcomes(Cache, FakeCache)

    (refused,) = [result for result in report.results if result.rule.code == "W203"]
    assert found == {"W203": "failed", "W204": "unproved", "W205": "unproved"}
    assert "cache.get: with a wrong credential it must raise AuthFailed; the outcome is Unavailable" in next(
        f"{finding.place}: {finding.message}" for finding in refused.findings
    )


def test_what_is_unproved_counts_for_no_tier_and_says_what_would_prove_it():
    report, found = outcomes(RightCache, FakeCache)

    assert found == {"W203": "passed", "W204": "unproved", "W205": "unproved"}
    assert report.tier.label == "bronze"
    (limits,) = [result for result in report.to_json()["rules"] if result["id"] == "W204-rate-limits"]
    assert "override `answer_status(status, times)`" in limits["reason"]
    assert limits["fix"]


def test_an_exemption_with_a_reason_may_stand_for_a_proof_up_to_gold():
    report, found = outcomes(RightCache, FakeCache, **REASONS)

    assert found == {"W203": "passed", "W204": "exempt", "W205": "exempt"}
    assert report.tier.label == "gold"


def test_a_fake_that_can_be_driven_proves_a_protocol_without_statuses():
    report, found = outcomes(RightCache, DrivenCache)

    assert found == {"W203": "passed", "W204": "passed", "W205": "passed"}
    assert report.tier.label == "platinum"


def test_a_driven_fake_finds_a_client_that_takes_every_answer_for_a_value():
    assert outcomes(Cache, DrivenCache)[1] == {"W203": "failed", "W204": "failed", "W205": "failed"}


def test_a_status_that_a_protocol_does_not_have_stays_unproved():
    assert outcomes(RightCache, HalfDrivenCache)[1] == {"W203": "passed", "W204": "unproved", "W205": "passed"}


@pytest.mark.parametrize("integration", [Cache, RightCache])
def test_a_fake_that_accepts_every_credential_proves_no_refusal(integration):
    assert outcomes(integration, OpenCache)[1]["W203"] == "unproved"
