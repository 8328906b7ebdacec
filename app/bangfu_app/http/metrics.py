"""What Prometheus is told: numbers of this process, in a registry of each application's own."""

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.types import Receive, Scope, Send

from bangfu_app.http.account import Account

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_NO_CODE = "none"


class Metrics:
    """Counts requests, and tells what else is known. An observer of requests, and an ASGI application by itself."""

    def __init__(self, looked_up: Mapping[str, tuple[str, Callable[[], float]]] | None = None) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "bangfu_requests", "Requests by status and the first code of an error.", ("status", "code"),
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "bangfu_request_seconds", "How long requests to the graph took.", buckets=_SECONDS, registry=self.registry
        )
        self._in_flight = Gauge("bangfu_requests_in_flight", "Requests not answered yet.", registry=self.registry)
        self._statements = Counter("bangfu_statements", "Statements run for requests.", registry=self.registry)
        self._bytes = Counter("bangfu_sent_bytes", "Bytes of answers.", registry=self.registry)
        self.subscriptions = Gauge("bangfu_subscriptions", "Subscriptions that are open.", registry=self.registry)
        """Set by whoever keeps them."""
        self._by_outcome: dict[tuple[int, str], Counter] = {}
        self.registry.register(_LookedUp(looked_up or {}))

    def began(self, account: Account) -> None:
        """One more in flight."""
        self._in_flight.inc()

    def ended(self, account: Account) -> None:
        """Counts it."""
        self._in_flight.dec()
        # Codes are ours, so there are few; what a client sends is never a label.
        outcome = account.status, account.codes[0] if account.codes else _NO_CODE
        counter = self._by_outcome.get(outcome)
        if counter is None:
            counter = self._by_outcome[outcome] = self._requests.labels(str(outcome[0]), outcome[1])
        counter.inc()
        self._bytes.inc(account.size)
        if account.observed is not None:
            self._seconds.observe(account.seconds)
            if account.observed.statements:
                self._statements.inc(len(account.observed.statements))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        is_here = scope["path"] == "/metrics" and scope["method"] in ("GET", "HEAD")
        status, body = (HTTPStatus.OK, generate_latest(self.registry)) if is_here else (HTTPStatus.NOT_FOUND, b"")
        headers = [
            (b"content-type", CONTENT_TYPE_LATEST.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class _LookedUp(Collector):
    """Numbers that others keep, read when they are asked for."""

    def __init__(self, looked_up: Mapping[str, tuple[str, Callable[[], float]]]) -> None:
        self._looked_up = looked_up

    def collect(self) -> Iterator[Metric]:
        """One number each."""
        for name, (text, number) in self._looked_up.items():
            if name.endswith("_total"):
                yield CounterMetricFamily(name.removesuffix("_total"), text, value=number())
            else:
                yield GaugeMetricFamily(name, text, value=number())
