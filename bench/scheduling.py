"""Schedules: 10,000 of them due in the same minute, decided by one scheduler and by two; a turn with nothing due."""

from __future__ import annotations

import contextlib
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import measuring

COUNT = 10_000
QUICK = 1_000
NOON = datetime(2024, 1, 15, 12, tzinfo=UTC)


class Serving:
    """Worlds on one ledger file, with a graph of `count` pipelines that are due each hour."""

    settings: dict[str, object] = {}  # noqa: RUF012 - never written

    def __init__(self, path: Path, count: int, clock: Any) -> None:
        """Make the graph; nothing of a project is loaded."""
        from weft.define import bodies
        from weft.model import graph, partitions, pipelines
        from weft.service import world as worlds

        every = pipelines.Schedule(kind="cron", text="0 * * * *", cron="0 * * * *")
        hours = partitions.HourlyPartitions("2024-01-01")
        steps = {
            name: pipelines.TaskStep(key=f"{name}:work", task="work")
            for name in (f"p{each:05}" for each in range(count))
        }
        made = {
            name: pipelines.Pipeline(
                name=name, kind="dag", steps={step.key: step}, schedule=every, partitions=hours, code="c"
            )
            for name, step in steps.items()
        }
        self._path, self._clock = path, clock
        built = bodies.BuiltDefinitions(graph=graph.Graph(assets={}, steps={}, pipelines=made), bodies={}, manifests={})
        self._ledger = self.open_ledger()
        self._world = worlds.World(
            definitions=built,
            ledger=self._ledger,
            clock=clock,
            make_executor=lambda *given: None,  # type: ignore[arg-type, return-value]
            renew=self._ledger.renew_lease,
            sources_of=lambda manifest: {},
            user="bench",
        )

    def open_ledger(self) -> Any:
        """The ledger, once more."""
        from weft.stores import sqlite

        return sqlite.SqliteLedger(self._path, clock=self._clock)

    @contextlib.contextmanager
    def world(self, user: str | None = None) -> Iterator[Any]:
        """The world."""
        yield self._world

    def close(self) -> None:
        """Let go of the ledger."""
        self._ledger.close()


def decide(path: Path, count: int, schedulers: int) -> tuple[float, float]:
    """Have all be due at once: seconds until all were decided, and of a turn in which nothing is due.

    Raises:
        AssertionError: a tick was lost or made twice.
    """
    from weft.service.scheduling import loop
    from weft.testing import clock as clocks

    clock = clocks.FakeClock(NOON + timedelta(minutes=30))
    serving = Serving(path, count, clock)
    with contextlib.closing(serving):
        scheduler = loop.Scheduler(serving, clock=clock)
        scheduler.turn()
        before = time.perf_counter()
        for _ in range(10):
            scheduler.turn()
        idle = (time.perf_counter() - before) / 10
    context = multiprocessing.get_context("fork")
    ready, begin = context.Semaphore(0), context.Event()
    children = [context.Process(target=_one, args=(path, count, ready, begin)) for _ in range(schedulers)]
    for child in children:
        child.start()
    for _ in children:
        ready.acquire()
    begun = time.perf_counter()
    begin.set()
    for child in children:
        child.join()
    passed = time.perf_counter() - begun
    assert all(child.exitcode == 0 for child in children), "a scheduler failed"
    _check(path, count)
    return passed, idle


def _one(path: Path, count: int, ready: Any, begin: Any) -> None:
    from weft.service.scheduling import loop
    from weft.testing import clock as clocks

    clock = clocks.FakeClock(NOON + timedelta(minutes=30))
    with contextlib.closing(Serving(path, count, clock)) as serving:
        scheduler = loop.Scheduler(serving, clock=clock)
        scheduler.turn()
        clock.advance(timedelta(minutes=30, seconds=1))
        ready.release()
        begin.wait()
        while True:
            wanted = scheduler.turn()
            if wanted is None or wanted > clock.now():
                return


def _check(path: Path, count: int) -> None:
    from weft.stores import sqlite

    with contextlib.closing(sqlite.SqliteLedger(path)) as ledger:
        ticks = ledger.ticks(limit=count * 2)
        runs = ledger.runs(limit=count * 2)
    assert len(ticks) == count == len({each.automation for each in ticks}), f"{len(ticks)} ticks were decided"
    assert len(runs) == count == len({each.automation for each in runs}), f"{len(runs)} runs were created"


def measure(how: measuring.How) -> Sequence[measuring.Line]:
    """The lines of the subject."""
    count = QUICK if how.quick else COUNT
    alone: list[float] = []
    together: list[float] = []
    idle: list[float] = []
    for _ in range(min(how.runs, 3)):
        for schedulers, found in ((1, alone), (2, together)):
            with tempfile.TemporaryDirectory(prefix="weft-bench-") as place:
                passed, still = decide(Path(place) / "ledger.db", count, schedulers)
            found.append(passed)
            idle.append(still * 1000)
    subject, most = "scheduling", 10.0
    told = "no tick lost or doubled"
    return [
        measuring.Line(subject=subject, name=f"{count:,} schedules due at once", unit="s", samples=alone, at_most=most),
        measuring.Line(
            subject=subject, name="  with two schedulers at once", unit="s", samples=together, at_most=most, note=told
        ),
        measuring.Line(
            subject=subject, name=f"a turn with nothing due, {count:,} schedules", unit="ms", samples=idle, at_most=5
        ),
    ]
