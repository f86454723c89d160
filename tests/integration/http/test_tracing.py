"""Traces: what ended in the ledger becomes spans, with the times that it had and linked as the runs are."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from weft.model import events
from weft.stores import sqlite
from weft.surfaces.http import tracing, wire

memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")


def test_a_run_its_steps_and_its_caller_are_spans_that_belong_together(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = sqlite.SqliteLedger(path)
    now = time.time_ns() // 1000
    ledger.append(
        [
            events.RunCreated(run="called", execution="called", pipeline="etl", parent="caller"),
            events.RunStarted(run="called"),
            events.StepSucceeded(run="called", step="etl:load", started=now, duration=250_000),
            events.AttemptFailed(
                run="called", step="etl:send", started=now, error=events.Error(kind="OSError", message="no luck")
            ),
            events.RunFinished(run="called", outcome="failed", reason="send failed"),
        ]
    )
    found, _ = ledger.logged(after=0, limit=10)
    ledger.close()
    exporter = memory.InMemorySpanExporter()
    traces = tracing.Traces(exporter, lambda: sqlite.SqliteLedger(path))
    traces.follow([wire.line(each) for each in found])
    traces.observe("GET", "/runs", 200, 0.5)
    traces.stop()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    run, step, failed, request = spans["etl"], spans["etl:load"], spans["etl:send"], spans["GET /runs"]
    assert step.parent.span_id == failed.parent.span_id == run.context.span_id
    assert step.context.trace_id == run.context.trace_id != request.context.trace_id
    assert step.end_time - step.start_time == 250_000_000
    assert (failed.status.is_ok, failed.status.description) == (False, "OSError: no luck")
    assert not run.status.is_ok
    assert run.attributes["weft.outcome"] == "failed"
    (link,) = run.links
    assert link.context == tracing._place("caller")
    assert request.end_time - request.start_time == 500_000_000


def test_a_server_that_is_told_of_no_endpoint_makes_no_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tracing.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert tracing.endpoint_of({}) is None
    assert tracing.endpoint_of({"server": {"otel_endpoint": "http://127.0.0.1:4318"}}) == "http://127.0.0.1:4318"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    assert tracing.endpoint_of({"server": {}}) == ""
