"""A project on disk for tests of executions, with a scheduler and runners that take their turns when they are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from weft import wiring
from weft.model import events
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service import world as worlds
from weft.service.execution import executions
from weft.service.queue import queued, queueing
from weft.service.run import driving

DEFINITIONS = """
import os
from pathlib import Path
from weft import DailyPartitions, asset, dag, task

HERE = Path(__file__).parent
days = DailyPartitions(start_date="2024-01-01", end_date="2024-02-01")

def note(what):
    with open(HERE / "journal", "a") as journal:
        journal.write(what + "\\n")
    if (HERE / f"fail {what}").exists():
        raise ValueError(what)

@task
def work(day):
    note(f"work {day}")

@dag(schedule="@daily", start_date="2024-01-01", end_date="2024-12-31", catchup=True)
def yearly():
    work("{{ ds }}")

@dag(schedule="@daily", start_date="2024-01-01", end_date="2024-12-31", catchup=True, depends_on_past=True)
def chained():
    work("{{ ds }}")

@asset(partitions=days)
def raw(context) -> str:
    note(f"raw {context.partition_key}")
    return context.partition_key

@asset(partitions=days)
def clean(context, raw: str) -> str:
    note(f"clean {context.partition_key}")
    return raw.upper()

@asset
def total(clean: dict[str, str]) -> int:
    note("total")
    return len(clean)
"""


class Project:
    """A project, its world, and what its bodies wrote into the journal."""

    def __init__(self, folder: Path, world: worlds.World) -> None:
        self.folder = folder
        self.world = world

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def journal(self) -> list[str]:
        path = self.folder / "journal"
        return path.read_text().splitlines() if path.exists() else []

    def failing(self, what: str, fails: bool = True) -> None:
        path = self.folder / f"fail {what}"
        path.touch() if fails else path.unlink()

    def waiting(self, room: int = 100) -> list[ledgers.RunRow]:
        return queueing.take(self.world, room=room)

    def drive(self, rows: Sequence[ledgers.RunRow] | None = None) -> list[views.ApplyView]:
        """Drive what waits in the queue, one after the other, as a runner does."""
        how = driving.How(executor="inline", wait=False)
        return [queued.drive(self.world, row.id, how) for row in (self.waiting() if rows is None else rows)]

    def carry_out(self, execution: str, most: int = 1000) -> executions.ExecutionView:
        """Let scheduler and runners take turns until an execution has ended."""
        for _ in range(most):
            executions.advance(self.world, self.now)
            found = executions.get(self.world, execution)
            if found.phase == "finished":
                return found
            rows = self.waiting()
            if not rows and not executions.advance(self.world, self.now):
                return executions.get(self.world, execution)
            self.drive(rows)
        raise AssertionError("it does not end")

    def log(self, *types: type[events.Event]) -> list[events.Event]:
        return [event for _, _, event in self.world.ledger.events() if not types or isinstance(event, types)]


@contextmanager
def project(folder: Path, definitions: str = DEFINITIONS) -> Iterator[Project]:
    (folder / "defs.py").write_text(definitions)
    (folder / "weft.toml").write_text('definitions = "defs.py"\n')
    world = wiring.open_world(wiring.Place(start=folder))
    try:
        yield Project(folder, world)
    finally:
        world.ledger.close()


@contextmanager
def another_scheduler(project: Project) -> Iterator[worlds.World]:
    """The world of a second scheduler, with a connection of its own."""
    assert project.world.reopen is not None
    other = replace(project.world, ledger=project.world.reopen())
    try:
        yield other
    finally:
        other.ledger.close()
