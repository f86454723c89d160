"""A project whose definitions are recorded, as a host does it, and a scheduler on it with a clock of the test's own."""

from __future__ import annotations

import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from weft import wiring
from weft.model import events, stored
from weft.service.scheduling import loop
from weft.service.server import locations, serving
from weft.stores import sqlite
from weft.testing import clock as clocks


class Yard:
    """A project in a folder, its ledger, and schedulers on it."""

    def __init__(self, root: Path, now: str) -> None:
        self.root = root
        self.home = root / ".weft"
        self.clock = clocks.FakeClock(datetime.fromisoformat(now).replace(tzinfo=UTC))
        self.told: list[str] = []
        self.versions = 0
        (root / "weft.toml").write_text('definitions = "pipes.py"\n')
        self.home.mkdir()
        self.ledger = self.open()
        self.serving = self.serve()

    def open(self, clock=None):
        return sqlite.SqliteLedger(self.home / "ledger.db", durability="normal", clock=clock or self.clock)

    def serve(self, clock=None):
        clock = clock or self.clock
        return serving.Serving(lambda: self.open(clock), root=self.root, home=self.home, clock=clock, user="test")

    def define(self, code: str) -> None:
        """Record these definitions as those of the location main."""
        self.versions += 1
        name = f"pipes{self.versions}.py"
        (self.root / name).write_text(code)
        (self.root / "weft.toml").write_text(f'definitions = "{name}"\n')
        before = set(sys.modules)
        world = wiring.open_world(wiring.Place(start=self.root))
        world.clock = self.clock
        with contextlib.closing(world.ledger):
            locations.record_loaded(world, "main", root=self.root)
        for each in set(sys.modules) - before:
            if each.startswith("pipes"):
                del sys.modules[each]

    def scheduler(self, **given) -> loop.Scheduler:
        return loop.Scheduler(self.serving, clock=self.clock, note=self.told.append, **given)

    def turns(self, scheduler: loop.Scheduler, most: int = 100) -> None:
        """Take turns until nothing is due."""
        for _ in range(most):
            wanted = scheduler.turn()
            if wanted is None or wanted > self.clock.now():
                return
        raise AssertionError("there is always something due")

    def decisions(self, name: str) -> list[tuple[str, str, int]]:
        """What was decided, in order: the decision, when it was due and how many ticks it stands for."""
        rows = self.ledger.ticks(f"schedule:{name}", limit=100_000)
        return [
            (row.decision, datetime.fromtimestamp(row.due / 1e6, UTC).strftime("%d %H:%M"), row.count)
            for row in reversed(rows)
        ]

    def runs(self, name: str) -> list[str | None]:
        """The partitions of its runs, in the order in which they were created."""
        return [row.partition for row in reversed(self.ledger.runs(pipeline=name))]


@pytest.fixture
def yard(tmp_path):
    """A project; it begins at noon of 2024-01-15."""
    made = Yard(tmp_path, "2024-01-15T12:00")
    yield made
    made.serving.close()
    made.ledger.close()


@pytest.fixture
def materialize(yard):
    """Note that an asset's partition has a new version, each another one."""
    number = 0

    def made(asset, key=None):
        nonlocal number
        number += 1
        value = stored.StoredValue(format="none", data_version=f"v:{number}")
        yard.ledger.append(
            [events.Materialized(output=events.Materialization(asset=asset, value=value), partition=key)]
        )

    return made
