from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from wren_backend.metrics import Metrics


def families(metrics):
    return {family.name: family for family in text_string_to_metric_families(metrics.render().decode())}


def test_every_metric_is_named_and_explained():
    found = {name: family for name, family in families(Metrics()).items() if not name.endswith("_created")}

    assert found.keys() == {
        "wren_http_requests",
        "wren_http_request_seconds",
        "wren_runs",
        "wren_run_seconds",
        "wren_fire_lateness_seconds",
        "wren_method_calls",
        "wren_runs_running",
        "wren_runs_queued",
        "wren_fires_missed",
        "wren_token_refreshes",
    }
    assert all(family.documentation for family in found.values())


def test_what_was_counted_is_rendered_with_its_labels():
    metrics = Metrics()

    metrics.runs.labels(trigger="schedule", status="success").inc()
    metrics.runs.labels(trigger="schedule", status="success").inc()
    metrics.queued.set(3)

    text = metrics.render().decode()
    assert 'wren_runs_total{status="success",trigger="schedule"} 2.0' in text.splitlines()
    assert "wren_runs_queued 3.0" in text.splitlines()


def test_run_times_fall_into_buckets_from_a_tenth_of_a_second_to_an_hour():
    metrics = Metrics()

    for seconds in (0.05, 20, 7200):
        metrics.run_seconds.observe(seconds)

    samples = families(metrics)["wren_run_seconds"].samples
    counted = {sample.labels["le"]: sample.value for sample in samples if sample.name.endswith("_bucket")}
    assert (counted["0.1"], counted["15.0"], counted["60.0"], counted["3600.0"], counted["+Inf"]) == (1, 1, 2, 2, 3)


def test_two_backends_in_one_process_count_apart():
    one, other = Metrics(), Metrics()

    one.missed.inc()

    assert "wren_fires_missed_total 1.0" in one.render().decode()
    assert "wren_fires_missed_total 0.0" in other.render().decode()
    assert not [family for family in REGISTRY.collect() if family.name.startswith("wren_")]
