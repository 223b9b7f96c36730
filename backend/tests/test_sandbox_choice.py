import pytest
from structlog.testing import capture_logs

from wren_backend.executor.folders import run_folder
from wren_backend.executor.refusing_sandbox import RefusingSandbox
from wren_backend.executor.sandboxes import PlainSandbox, SandlockSandbox

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@sqlite_only
def test_without_isolation_only_where_that_is_asked_for_in_so_many_words(build_platform):
    with capture_logs() as logged:
        platform = build_platform(sandbox="none")

    assert isinstance(platform.sandbox, PlainSandbox)
    assert [(line["event"], line["log_level"]) for line in logged if line["event"].startswith("sandbox")] == [
        ("sandbox.none", "warning")
    ]


@sqlite_only
@pytest.mark.parametrize("wanted", ["auto", "sandlock"])
def test_a_machine_with_a_sandbox_uses_it(build_platform, wanted):
    with capture_logs() as logged:
        platform = build_platform(sandbox=wanted)

    assert isinstance(platform.sandbox, SandlockSandbox), logged
    assert platform.sandbox.status().available
    assert [line["event"] for line in logged if line["event"].startswith("sandbox")] == ["sandbox.ready"]


@sqlite_only
@pytest.mark.parametrize("wanted", ["auto", "sandlock"])
def test_a_sandbox_that_would_let_scripts_read_the_data_runs_none(build_platform, tmp_path, wanted):
    # Scripts may read certificates; here they lie in the very folder that holds the data.
    with capture_logs() as logged:
        platform = build_platform(sandbox=wanted, ca_file=tmp_path)

    assert isinstance(platform.sandbox, RefusingSandbox)
    assert not platform.sandbox.status().available
    (line,) = [line for line in logged if line["event"].startswith("sandbox")]
    assert (line["event"], line["log_level"]) == ("sandbox.unavailable", "error")
    assert str(tmp_path) in line["reason"]


@sqlite_only
def test_what_dead_workers_left_is_removed_and_what_is_in_use_is_not(build_platform, tmp_path):
    runs = tmp_path / "data" / "runs"
    left = runs / "wren-run-0123456789abcdef"
    (left / "deep").mkdir(parents=True)
    (left / "deep" / "file").write_text("x")

    with run_folder(runs) as in_use, capture_logs() as logged:
        build_platform()
        kept = [path.name for path in runs.iterdir()]

    assert kept == [in_use.name]
    assert [line["folders"] for line in logged if line["event"] == "runs.leftovers_removed"] == [1]
