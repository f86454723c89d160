"""Traces for OpenTelemetry: a span for each request, for each run, and for each attempt at a step of it.

They are made from what is in the ledger when it is over, by one thread of the server, so that the code of a run is not
touched and does not wait. The ids of a run's trace and span follow from the id of the run: a run that another one
called, or that repeats one, is linked to that whichever server told of it. Without an endpoint nothing of this is
loaded.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from weft.model import errors, event_subjects, facts
from weft.service.server import setting_views
from weft.surfaces.http import wire

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import export

    from weft.ports import ledger as ledgers

VARIABLES = setting_views.TELEMETRY
_MOST_WAITING = 10_000
_TOLD = frozenset({"RunFinished", "StepSucceeded", "AttemptFailed"})
_LOG = logging.getLogger("weft.http")


class _Attempt(msgspec.Struct):
    """What of the end of an attempt is told."""

    run: str = ""
    step: str = ""
    item: str = ""
    partition: str | None = None
    attempt: int = 1
    outcome: str = ""
    started: int = 0
    duration: int = 0
    error: facts.Error | None = None


_Request = tuple[str, str, int, float, int]
_decode = msgspec.json.Decoder(_Attempt).decode


def endpoint_of(settings: Mapping[str, object]) -> str | None:
    """Where traces go: `[server] otel_endpoint`, "" for what OpenTelemetry's own variables say; None: nowhere."""
    server = settings.get("server")
    given = server.get("otel_endpoint") if isinstance(server, Mapping) else None
    if isinstance(given, str) and given:
        return given
    return "" if any(os.environ.get(name) for name in VARIABLES) else None


def exporter_to(endpoint: str) -> export.SpanExporter:
    """What sends spans to an endpoint by OTLP over HTTP.

    Raises:
        MissingExtraError: the extra `otel` is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http import trace_exporter
    except ImportError as error:
        raise errors.MissingExtraError(
            package="opentelemetry-exporter-otlp-proto-http", extra="otel", purpose="Sending traces"
        ) from error
    if not endpoint:
        return trace_exporter.OTLPSpanExporter()
    path = "" if endpoint.rstrip("/").endswith("/v1/traces") else "/v1/traces"
    return trace_exporter.OTLPSpanExporter(endpoint=endpoint.rstrip("/") + path)


class Traces:
    """Tells of requests and of what ends in the ledger; on a thread of its own."""

    def __init__(self, exporter: export.SpanExporter, open_ledger: Callable[[], ledgers.Ledger]) -> None:
        """Send spans through `exporter`; `open_ledger` opens the ledger that runs are read from."""
        from opentelemetry.sdk import resources, trace
        from opentelemetry.sdk.trace import export, id_generator

        class Ids(id_generator.RandomIdGenerator):
            """Random ids, but for spans whose id is known."""

            def __init__(self) -> None:
                self.span: int | None = None
                self.trace: int | None = None

            def generate_span_id(self) -> int:
                return super().generate_span_id() if self.span is None else self.span

            def generate_trace_id(self) -> int:
                return super().generate_trace_id() if self.trace is None else self.trace

        self._ids = Ids()
        resource = resources.Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "weft")})
        self._provider = trace.TracerProvider(resource=resource, id_generator=self._ids)
        self._provider.add_span_processor(export.BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("weft")
        self._open = open_ledger
        self._waiting: queue.Queue[wire.Line | _Request | None] = queue.Queue(_MOST_WAITING)
        self.dropped = 0
        self._thread = threading.Thread(target=self._tell, name="weft-traces", daemon=True)
        self._thread.start()

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Take note of a request."""
        self._put((method, route or "none", status, seconds, time.time_ns()))

    def follow(self, batch: Sequence[wire.Line]) -> None:
        """Take note of what ended, as the tail of the log hands it on."""
        for each in batch:
            if each.type in _TOLD:
                self._put(each)

    def stop(self) -> None:
        """Tell what waits, and end."""
        self._waiting.put(None)
        self._thread.join(5.0)
        self._provider.shutdown()

    def _put(self, what: wire.Line | _Request) -> None:
        try:
            self._waiting.put_nowait(what)
        except queue.Full:  # a trace is not worth the memory of the server
            self.dropped += 1

    def _tell(self) -> None:
        with contextlib.closing(self._open()) as ledger:
            while (found := self._waiting.get()) is not None:
                try:
                    if isinstance(found, tuple):
                        self._request(found)
                    elif found.type == "RunFinished":
                        self._run(ledger, found.run or "")
                    else:
                        self._attempt(_decode(found.body), found.at, event_subjects.OUTCOMES[found.type])
                except errors.LedgerError as error:
                    _LOG.warning("a trace cannot be made: %s", error)

    def _request(self, found: _Request) -> None:
        from opentelemetry import trace

        method, route, status, seconds, end = found
        attributes: dict[str, Any] = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
        }
        span = self._tracer.start_span(
            f"{method} {route}", kind=trace.SpanKind.SERVER, attributes=attributes, start_time=end - int(seconds * 1e9)
        )
        if status >= 500:
            span.set_status(trace.StatusCode.ERROR)
        span.end(end)

    def _run(self, ledger: ledgers.Ledger, run: str) -> None:
        from opentelemetry import trace

        row = ledger.run(run)
        if row is None or row.finished is None:
            return
        links = [trace.Link(_place(each), {"weft.link": name}) for name, each in (
            ("parent", row.parent), ("rerun_of", row.rerun_of),
        ) if each]  # fmt: skip
        told: dict[str, Any] = {
            "weft.run": row.id, "weft.pipeline": row.pipeline, "weft.partition": row.partition,
            "weft.outcome": row.outcome, "weft.trigger": row.trigger, "weft.location": row.location,
            "weft.execution": row.execution, "weft.automation": row.automation,
        }  # fmt: skip
        place = _place(row.id)
        self._ids.trace, self._ids.span = place.trace_id, place.span_id
        try:
            span = self._tracer.start_span(
                row.pipeline or row.request or "assets",
                kind=trace.SpanKind.CONSUMER,
                attributes={name: value for name, value in told.items() if value},
                links=links,
                start_time=(row.started or row.created) * 1000,
            )
        finally:
            self._ids.trace = self._ids.span = None
        if row.outcome not in ("succeeded", "cancelled", "skipped"):
            span.set_status(trace.StatusCode.ERROR, row.reason or row.outcome)
        span.end(row.finished * 1000)

    def _attempt(self, found: _Attempt, at: int, by_default: str) -> None:
        from opentelemetry import trace

        outcome = found.outcome or by_default
        told: dict[str, Any] = {
            "weft.run": found.run, "weft.step": found.step, "weft.item": found.item, "weft.attempt": found.attempt,
            "weft.partition": found.partition, "weft.outcome": outcome,
        }  # fmt: skip
        start = found.started or at - found.duration
        span = self._tracer.start_span(
            found.step,
            context=trace.set_span_in_context(trace.NonRecordingSpan(_place(found.run))),
            attributes={name: value for name, value in told.items() if value},
            start_time=start * 1000,
        )
        if outcome != "succeeded":
            error = found.error
            span.set_status(trace.StatusCode.ERROR, error.told if error else outcome)
        span.end((start + found.duration) * 1000)


def _place(run: str) -> Any:
    """The context of a run's own span."""
    from opentelemetry import trace

    digest = hashlib.blake2b(run.encode(), digest_size=24).digest()
    return trace.SpanContext(
        trace_id=int.from_bytes(digest[:16], "big") or 1,
        span_id=int.from_bytes(digest[16:], "big") or 1,
        is_remote=True,
        trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
    )
