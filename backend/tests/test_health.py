import sysconfig
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from wren_backend.app import create_app
from wren_backend.executor.limit_strength import describe_limits
from wren_backend.storage.migration import downgrade, head_revision, migrate
from wren_backend.tenancy.auth import bootstrap
from wren_backend.vault.keyring import generate_key_line
from wren_core.plugins.discovery import FailedPlugin
from wren_core.plugins.registry import Registry

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def readiness(platform):
    client = TestClient(create_app(platform))
    answer = client.get("/readyz")
    client.close()
    return answer.status_code, answer.json()


@sqlite_only
def test_a_process_is_alive_as_long_as_it_answers_and_tells_strangers_nothing_else(client_of):
    assert client_of(None).get("/healthz").json() == {"status": "ok"}


@sqlite_only
def test_a_started_backend_is_ready_and_a_stopped_one_is_not(build_platform):
    platform = build_platform()

    with TestClient(create_app(platform)) as client:
        answer = client.get("/readyz")
    after, stopped = readiness(platform)

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {
            "database": {"ok": True, "revision": head_revision()},
            "disk": {"ok": True, "reason": ""},
            "sandbox": {
                "ok": True,
                "isolation": "none",
                "reason": "scripts run without isolation",
                "landlock_abi": None,
                "limits": describe_limits(platform.settings.limits.to_limits(), "none"),
            },
            "worker": {"ok": True},
            "scheduler": {"ok": True},
        },
        "failed_plugins": [],
        "unconfigured": [],
    }
    assert (after, stopped["checks"]["worker"], stopped["checks"]["scheduler"]) == (503, {"ok": False}, {"ok": False})


@sqlite_only
def test_a_backend_whose_worker_and_scheduler_were_not_started_is_not_ready(platform):
    status, body = readiness(platform)

    assert (status, body["status"]) == (503, "not ready")
    assert {name: check["ok"] for name, check in body["checks"].items()} == {
        "database": True,
        "disk": True,
        "sandbox": True,
        "worker": False,
        "scheduler": False,
    }


def test_a_database_that_is_behind_the_code_is_reported_with_its_revision(platform):
    try:
        downgrade(platform.database, "0002")
        behind = readiness(platform)
        downgrade(platform.database, "base")
        empty = readiness(platform)
    finally:
        migrate(platform.database)

    assert (behind[0], behind[1]["checks"]["database"]) == (503, {"ok": False, "revision": "0002"})
    assert (empty[0], empty[1]["checks"]["database"]) == (503, {"ok": False, "revision": None})


@sqlite_only
def test_a_database_file_that_broke_is_not_ready(platform):
    path = platform.database.engine.url.database
    platform.database.dispose()
    with open(path, "r+b") as file:
        file.write(b"no database any more" * 100)

    status, body = readiness(platform)

    assert (status, body["checks"]["database"]) == (503, {"ok": False, "reason": "DatabaseError"})


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_database_server_that_is_away_is_not_ready(build_platform, postgres_server):
    with postgres_server.database() as url:
        platform = build_platform(database_url=SecretStr(url))
        platform.database.dispose()

    status, body = readiness(platform)

    assert (status, body["checks"]["database"]) == (503, {"ok": False, "reason": "OperationalError"})
    assert "postgresql" not in str(body)


@sqlite_only
def test_a_backend_that_must_not_run_scripts_says_why(build_platform):
    # A key file among the packages that scripts import is one that every script could read.
    key_file = Path(sysconfig.get_path("purelib")) / "master.key"
    key = SecretStr(generate_key_line())
    platform = build_platform(sandbox="auto", master_key=key, master_key_file=key_file)

    status, body = readiness(platform)

    sandbox = body["checks"]["sandbox"]
    assert (status, sandbox["ok"], sandbox["isolation"]) == (503, False, "refused")
    assert f"scripts could read {key_file}" in sandbox["reason"]


@sqlite_only
def test_a_plugin_that_failed_is_shown_and_does_not_count_and_one_that_was_refused_is_not_shown(build_platform):
    broken = FailedPlugin(
        name="broken", distribution="wren-broken", version="0.1", code="PLUGIN_RAISED", reason="it raised"
    )
    denied = FailedPlugin(
        name="denied",
        distribution="wren-denied",
        version="0.1",
        code="PLUGIN_DENIED",
        reason="WREN_PLUGINS_DENY names it",
    )
    platform = build_platform(registry=Registry(loaded={}, failed={"broken": broken, "denied": denied}))
    bootstrap_key = bootstrap(platform.database, now=platform.clock.now()).plain.get_secret_value()

    with TestClient(create_app(platform)) as client:
        keyless = client.get("/readyz")
        wrong = client.get("/readyz", headers={"Authorization": "Bearer wren_abcdefgh_" + "x" * 43})
        answer = client.get("/readyz", headers={"Authorization": f"Bearer {bootstrap_key}"})

    shown = {"name": "broken", "distribution": "wren-broken", "code": "PLUGIN_RAISED", "reason": "it raised"}
    assert answer.status_code == 200
    assert answer.json()["failed_plugins"] == [shown]
    assert keyless.json()["failed_plugins"] == wrong.json()["failed_plugins"] == [{**shown, "reason": None}]
    assert "it raised" not in keyless.text


@sqlite_only
def test_metrics_need_no_key_and_come_as_prometheus_reads_them(client_of):
    client = client_of(None)
    client.get("/v1/runs")

    answer = client.get("/metrics")

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'wren_http_requests_total{status="401"} 1.0' in answer.text.splitlines()
