import pytest

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@sqlite_only
def test_nothing_is_started_by_being_built(platform):
    assert not platform.worker.is_alive()
    assert not platform.scheduler.is_alive()


@sqlite_only
def test_a_backend_that_was_started_stops(platform):
    platform.start()
    assert platform.worker.is_alive()
    assert platform.scheduler.is_alive()

    platform.stop()

    assert not platform.worker.is_alive()
    assert not platform.scheduler.is_alive()
