"""A project on disk, and a supervisor that serves it with real hosts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from weft import wiring
from weft.ports import ledger as ledgers
from weft.service.pipeline import pipelines
from weft.service.queue import queueing
from weft.surfaces.processes import supervisor as supervisors

PATIENCE = 60.0
"""Seconds to wait for what comes at once, except where the machine has much else to do."""


class Site:
    """A project, what is read of its ledger, and its supervisor."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = wiring.Place(start=root)
        self.lines: list[str] = []
        self.serving = wiring.open_serving(self.place)
        self.supervisor: supervisors.Supervisor | None = None

    def start(self, **options: object) -> supervisors.Supervisor:
        made = supervisors.Supervisor(
            self.place,
            self.serving,
            supervisors.Options(**options),
            tell=self.lines.append,  # type: ignore[arg-type]
        )
        self.supervisor = made
        made.start()
        assert made.wait_until_settled(PATIENCE), self.lines
        return made

    def row(self, location: str):
        with self.serving.ledger() as ledger:
            return next((each for each in ledger.locations() if each.name == location), None)

    def request(self, pipeline: str, **more: object) -> str:
        with self.serving.world() as world:
            return queueing.request_run(world, pipelines.Wanted(pipeline=pipeline, **more)).id  # type: ignore[arg-type]

    def run(self, run: str) -> ledgers.RunRow:
        with self.serving.ledger() as ledger:
            return ledger.runs_with_prefix(run)[0]

    def until(self, holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Look at each commit, and now and then, whether something holds."""
        end = time.monotonic() + seconds
        with self.serving.ledger() as ledger:
            news = ledger.listen()
            try:
                while not holds():
                    assert time.monotonic() < end, f"it never came to pass; told was: {self.lines}"
                    news.wait(0.05)
            finally:
                news.close()

    def until_finished(self, run: str, seconds: float = PATIENCE) -> ledgers.RunRow:
        self.until(lambda: self.run(run).phase == "finished", seconds)
        return self.run(run)

    def close(self) -> None:
        if self.supervisor is not None:
            self.supervisor.stop(0.0)
        self.serving.close()


@pytest.fixture
def make_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, str]], Site]]:
    """Makes a project of files by their paths."""
    monkeypatch.delenv("WEFT_HOME", raising=False)
    made: list[Site] = []

    def make(files: dict[str, str]) -> Site:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        made.append(Site(tmp_path))
        return made[-1]

    yield make
    for each in made:
        each.close()
