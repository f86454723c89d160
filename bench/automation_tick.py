"""Automation conditions: a scheduler's turn over 10,000 assets of which 10 changed, and one in which nothing did."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import measuring

COUNT = 10_000
QUICK = 1_000
CHANGED = 10
NOON = datetime(2024, 1, 15, 12, tzinfo=UTC)
SELECTS = 5


def measure(how: measuring.How) -> list[measuring.Line]:
    """Turns of `service.automation.conditions` on a ledger file in which all assets were made once."""
    count = QUICK if how.quick else COUNT
    note = f"{count:,} assets, half of them eager" if how.quick else ""
    begun, busy, quiet, queries, asking = _turns(count, how.runs)
    return [
        measuring.Line(subject="automations", name=f"first turn over {count:,} assets", unit="ms", samples=begun),
        measuring.Line(
            subject="automations", name=f"turn in which {CHANGED} changed, evaluated", unit="ms", samples=busy,
            at_most=50.0, note=note,
        ),
        measuring.Line(
            subject="automations", name="queries of that turn", unit="", samples=queries, at_most=float(SELECTS)
        ),
        measuring.Line(
            subject="automations", name="the same with what it asks for", unit="ms", samples=asking,
            note="plan, execution, run and decisions written",
        ),
        measuring.Line(subject="automations", name="turn in which nothing changed", unit="ms", samples=quiet),
    ]  # fmt: skip


def _turns(count: int, runs: int) -> tuple[list[float], list[float], list[float], list[float], list[float]]:
    from weft.service.automation import conditions
    from weft.testing.clock import FakeClock

    begun, busy, quiet, queries, asking = [], [], [], [], []
    with tempfile.TemporaryDirectory(prefix="weft-bench-") as folder:
        clock = FakeClock(NOON)
        world = _world(Path(folder) / "ledger.db", count, clock)
        statements: list[str] = []
        for number in range(runs):
            turns = conditions.Conditions()
            evaluate = partial(turns.evaluate, world)
            begun.append(_timed(lambda evaluate=evaluate: evaluate(clock.now())))
            assert evaluate(clock.now()) is None
            clock.advance(timedelta(minutes=1))
            _change(world, count, number)
            world.ledger._connection.set_trace_callback(statements.append)
            busy.append(_timed(lambda turns=turns: turns.look(world, clock.now())))
            world.ledger._connection.set_trace_callback(None)
            queries.append(float(sum(each.startswith("SELECT") for each in statements)))
            statements.clear()
            asking.append(busy[-1] + _timed(lambda evaluate=evaluate: evaluate(clock.now())))
            evaluate(clock.now())
            quiet.append(_timed(lambda evaluate=evaluate: evaluate(clock.now())))
        world.ledger.close()
    return begun, busy, quiet, queries, asking


def _timed(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e3


def _world(path: Path, count: int, clock: Any) -> Any:
    """Half of the assets are sources, each read by one of the other half, which is eager."""
    from weft import AutomationCondition
    from weft.define import bodies
    from weft.model import automations, graph, partitions
    from weft.service import world as worlds
    from weft.stores import sqlite

    half, eager = count // 2, AutomationCondition.eager().condition
    sources, below = [f"s{each:05}" for each in range(half)], [f"t{each:05}" for each in range(half)]
    assets = {key: graph.Asset(key=key, step=key) for key in (*sources, *below)}
    steps = {key: graph.Step(key=key, outputs=(key,), code="c") for key in sources}
    for above, key in zip(sources, below, strict=True):
        read = (graph.Dependency(asset=above, mapping=partitions.IdentityMapping(), parameter=above),)
        steps[key] = graph.Step(key=key, outputs=(key,), code="c", dependencies=read)
    asked = [automations.AssetAutomation(asset=key, condition=eager) for key in below]
    ledger = sqlite.SqliteLedger(path, clock=clock)
    made = graph.Graph(assets=assets, steps=steps, automations={each.id: each for each in asked})
    world = worlds.World(
        definitions=bodies.BuiltDefinitions(graph=made, bodies={}, manifests={}),
        ledger=ledger,
        clock=clock,
        make_executor=lambda *given: None,  # type: ignore[arg-type, return-value]
        renew=ledger.renew_lease,
        sources_of=lambda manifest: {},
        locations={f"asset:{key}": "main" for key in assets},
        user="bench",
    )
    ledger.append([_made(key, []) for key in sources])
    ledger.append([_made(key, [above]) for above, key in zip(sources, below, strict=True)])
    ledger.append([_ended()])
    return world


def _made(asset: str, read: list[str], version: str = "1") -> Any:
    from weft.ledger import codec
    from weft.model import events, stored

    inputs = {above: events.InputRecord(digest=codec.token("t:1")) for above in read}
    value = stored.StoredValue(format="none", data_version=f"t:{version}")
    output = events.Materialization(asset=asset, value=value, code="c", inputs=inputs)
    return events.StepSucceeded(run="r1", step=asset, outputs=(output,))


def _change(world: Any, count: int, number: int) -> None:
    first = (number * CHANGED * 7) % (count // 2 - CHANGED)
    world.ledger.append(
        [*(_made(f"s{each:05}", [], str(number + 2)) for each in range(first, first + CHANGED)), _ended()]
    )


def _ended() -> Any:
    from weft.model import events

    return events.RunFinished(run="r1", outcome="succeeded")
