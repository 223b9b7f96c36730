"""Prometheus metrics: one object, made at start and passed in, with its own registry."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_RUN_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3600)
_LATENESS_SECONDS = (0.1, 0.5, 1, 2, 5, 15, 60, 300)


class Metrics:
    """What the backend counts. Labels never hold ids, so their number stays small."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("wren_http_requests", "HTTP requests answered", ["status"], registry=self.registry)
        self.request_seconds = Histogram(
            "wren_http_request_seconds",
            "Time until an HTTP answer begins, by route",
            ["method", "route"],
            buckets=_REQUEST_SECONDS,
            registry=self.registry,
        )
        self.runs = Counter("wren_runs", "Runs that ended", ["trigger", "status"], registry=self.registry)
        self.run_seconds = Histogram(
            "wren_run_seconds", "Wall time of a run", buckets=_RUN_SECONDS, registry=self.registry
        )
        self.lateness = Histogram(
            "wren_fire_lateness_seconds",
            "Delay between a schedule's instant and the start of its run",
            buckets=_LATENESS_SECONDS,
            registry=self.registry,
        )
        self.calls = Counter(
            "wren_method_calls", "Method calls of runs", ["integration", "outcome"], registry=self.registry
        )
        self.running = Gauge("wren_runs_running", "Runs being performed by this process", registry=self.registry)
        self.queued = Gauge("wren_runs_queued", "Runs waiting in the database", registry=self.registry)
        self.missed = Counter("wren_fires_missed", "Fire times skipped by a misfire policy", registry=self.registry)
        self.refreshes = Counter("wren_token_refreshes", "Token refreshes", ["outcome"], registry=self.registry)

    def render(self) -> bytes:
        """Return the text exposition format."""
        return generate_latest(self.registry)
