"""Metrics of the server and of what it sees, for Prometheus; and traces, where they are to go somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.surfaces.http import metrics, routing, tracing
from weft.surfaces.http.call import Call, Raw
from weft.surfaces.http.resources import events

if TYPE_CHECKING:
    from weft.surfaces.http.call import State

routes = routing.Routes(tag="server")

_METRICS = "metrics"
_TRACES = "traces"


def on_start(state: State) -> None:
    """Begin to count; the tail of the log is there already."""
    counted = state.extras[_METRICS] = metrics.Metrics()
    state.observers.append(counted.observe)
    events.tail_of(state).listeners.append(counted.follow)
    endpoint = tracing.endpoint_of(state.serving.settings)
    if endpoint is not None:
        traces = state.extras[_TRACES] = tracing.Traces(tracing.exporter_to(endpoint), state.serving.open_ledger)
        state.observers.append(traces.observe)
        events.tail_of(state).listeners.append(traces.follow)


def on_stop(state: State) -> None:
    """Tell the last traces."""
    traces: tracing.Traces | None = state.extras.get(_TRACES)
    if traces is not None:
        traces.stop()


@routes.get("/metrics", scope="metrics.read", raw=("text/plain",), summary="Metrics for Prometheus")
def read(call: Call) -> Raw:
    """Requests, runs, steps, ticks and their delay; the queue, pools, processes, incidents and streams of now."""
    counted: metrics.Metrics = call.state.extras[_METRICS]
    with call.ledger() as ledger:
        content = counted.text(ledger, events.tail_of(call.state), call.now)
    return Raw(content, metrics.CONTENT_TYPE, inline=True)
