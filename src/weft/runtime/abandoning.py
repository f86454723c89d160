"""Step runs whose body nobody waits for any more: brought to where the engine lets them end."""

from __future__ import annotations

from weft.engine import run as engine


def is_running(run: engine.Run, node: int) -> bool:
    """Whether a node runs, once one that waited for a retry, or was ready, has been taken as if it began."""
    if run.states[node] == engine.State.RETRYING:
        engine.step(run, engine.RetryDue(node))
    if run.states[node] == engine.State.READY:
        engine.take_one(run, node)
    return bool(run.states[node] == engine.State.RUNNING)
