"""Metrics for Prometheus: of the requests of this process, and of the ledger at the moment of the scrape.

What is counted (runs and steps that ended, ticks decided) is counted from when this process began to follow the log,
as counters are. What stands (runs in the queue, workers, incidents) is read when it is asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from weft.model import event_subjects
from weft.ports import clock as clocks
from weft.surfaces.http import wire

if TYPE_CHECKING:
    from prometheus_client import core

    from weft.ports import ledger as ledgers
    from weft.surfaces.http import streams

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_TICK_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
_SEEN_SECONDS = 20


class _Ended(msgspec.Struct):
    """What of an event is counted."""

    outcome: str = ""
    decision: str = ""
    due: int = 0
    count: int = 1
    automation: str = ""
    items: list[str] = []
    partitions: list[Any] = []
    retry_at: int | None = None


_decode = msgspec.json.Decoder(_Ended).decode


class Metrics:
    """The metrics of one server process."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        import prometheus_client as client

        self._client = client
        self.registry = client.CollectorRegistry()
        self._lock = threading.Lock()
        self.requests = client.Histogram(
            "weft_http_request_seconds", "Requests by how long they took.", ("method", "route", "status"),
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.runs = client.Counter("weft_runs_finished", "Runs that ended.", ("outcome",), registry=self.registry)
        self.steps = client.Counter(
            "weft_step_runs_finished", "Step runs that ended.", ("outcome",), registry=self.registry
        )
        self.ticks = client.Counter(
            "weft_ticks_decided", "Decisions of automations.", ("kind", "decision"), registry=self.registry
        )
        self.delay = client.Histogram(
            "weft_tick_delay_seconds", "How long after it was due a tick was decided.",
            buckets=_TICK_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.events = client.Counter("weft_events", "Events of the ledger.", registry=self.registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self.requests.labels(method, route or "none", str(status)).observe(seconds)

    def follow(self, batch: Sequence[wire.Line]) -> None:
        """Count events, as the tail of the log hands them on."""
        self.events.inc(len(batch))
        for each in batch:
            if each.type == "RunFinished":
                self.runs.labels(_decode(each.body).outcome or "none").inc()
            elif each.type in event_subjects.OUTCOMES:
                found = _decode(each.body)
                if found.retry_at is None:
                    count = max(1, len(found.items) or len(found.partitions))
                    self.steps.labels(found.outcome or event_subjects.OUTCOMES[each.type]).inc(count)
            elif each.type == "TickDecided":
                found = _decode(each.body)
                self.ticks.labels(found.automation.partition(":")[0], found.decision).inc(found.count)
                if found.decision == "started" and each.at > found.due > 0:
                    self.delay.observe((each.at - found.due) / 1e6)

    def text(self, ledger: ledgers.Ledger, tail: streams.Tail, now: datetime) -> bytes:
        """All metrics in the text format of Prometheus."""
        registry = self._client.CollectorRegistry()
        registry.register(_Standing(list(_standing(ledger, tail, now))))
        return self._client.generate_latest(self.registry) + self._client.generate_latest(registry)


class _Standing:
    """What stands at the moment of the scrape, as a collector."""

    def __init__(self, found: list[core.GaugeMetricFamily]) -> None:
        self._found = found

    def collect(self) -> list[core.GaugeMetricFamily]:
        """The gauges."""
        return self._found


def _standing(ledger: ledgers.Ledger, tail: streams.Tail, now: datetime) -> Iterator[core.GaugeMetricFamily]:
    from prometheus_client import core

    def gauge(name: str, text: str, labels: Sequence[str] = ()) -> core.GaugeMetricFamily:
        return core.GaugeMetricFamily(name, text, labels=labels)

    live = gauge("weft_runs_live", "Runs that have not finished.", ("phase", "pool"))
    for (phase, pool), count in ledger.live_counts().items():
        live.add_metric((phase, pool), count)
    yield live
    at = clocks.microseconds(now)
    seen = gauge("weft_processes", "Processes that were seen just now.", ("kind",))
    kinds = [row.kind for row in ledger.workers_seen() if row.seen > at - _SEEN_SECONDS * 1_000_000]
    for kind in ("worker", "scheduler"):
        seen.add_metric((kind,), kinds.count(kind))
    yield seen
    held = gauge("weft_pool_slots_held", "Slots of pools that runs hold.", ("pool",))
    waiting = gauge("weft_pool_runs_waiting", "Runs that wait for slots of a pool.", ("pool",))
    slots: dict[str, int] = {}
    for grant in ledger.pool_grants():
        slots[grant.pool] = slots.get(grant.pool, 0) + grant.slots
    for pool, count in slots.items():
        held.add_metric((pool,), count)
    runs: dict[str, int] = {}
    for wait in ledger.pool_waits():
        runs[wait.pool] = runs.get(wait.pool, 0) + 1
    for pool, count in runs.items():
        waiting.add_metric((pool,), count)
    yield held
    yield waiting
    incidents = gauge("weft_incidents_open", "Incidents that are not resolved.", ("severity",))
    severities = [row.severity for row in ledger.incidents(phases=("open", "acknowledged"), before=None, limit=10_000)]
    for severity in ("info", "warning", "error", "critical"):
        incidents.add_metric((severity,), severities.count(severity))
    yield incidents
    failed = gauge("weft_locations_failed", "Code locations whose definitions could not be read last.")
    failed.add_metric((), sum(bool(row.problems) and not row.removed for row in ledger.locations()))
    yield failed
    position = gauge("weft_ledger_position", "Position of the last event.")
    position.add_metric((), ledger.position())
    yield position
    clients = gauge("weft_event_streams", "Clients that follow the events.")
    clients.add_metric((), tail.streams)
    yield clients
