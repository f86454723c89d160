"""A home for the flows that a test calls: a ledger and storage in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from weft import flow_start
from weft.codehost import project as projects
from weft.model import events
from weft.ports import caller
from weft.ports import ledger as ledgers
from weft.runtime.flows import place
from weft.service.pipeline import flows as service


class FlowHome:
    """What the flows of a test left in the ledger."""

    def __init__(self, where: place.Place) -> None:
        """Look at the ledger of `where`."""
        self.place = where

    @property
    def ledger(self) -> ledgers.Ledger:
        """The ledger; hold `place.lock` while flows run in other threads."""
        return self.place.ledger

    def runs(self) -> list[ledgers.RunRow]:
        """The runs, newest first."""
        with self.place.lock:
            return self.ledger.runs()

    def last(self) -> ledgers.RunRow:
        """The newest run that no other run called."""
        return next(row for row in self.runs() if not row.parent)

    def steps(self, run: str | None = None) -> dict[str, str]:
        """How each call of a run (the newest one) ended, or stands: outcome, else phase, by its place in the flow."""
        with self.place.lock:
            rows = self.ledger.step_runs(run or self.last().id)
        return {f"{row.step.partition(':')[2]}#{row.item}": row.outcome or row.phase for row in rows}

    def events(self, run: str | None = None) -> list[events.Event]:
        """The events of a run (the newest one)."""
        with self.place.lock:
            return [event for _, _, event in self.ledger.events(run or self.last().id)]

    def answer(self, value: object = None, *, run: str | None = None, key: str | None = None) -> None:
        """Answer the question that a run (the newest one) waits for."""
        with self.place.lock:
            service.answer(self.ledger, run or self.last().id, value=value, key=key, by="test")

    def resume(self, flow: Any, run: str | None = None, *, strict: bool = False) -> Any:
        """Go on with a run (the newest one) of a flow; its value."""
        return flow.resume(run or self.last().id, strict=strict)


@contextmanager
def isolated(folder: Path) -> Iterator[FlowHome]:
    """Have flows that are called outside of a run started in `folder`."""
    from weft import wiring

    project = projects.Project(root=folder, definitions=None, file=None, home=folder / projects.HOME_NAME)
    projects.make_home(project)
    where = flow_start.made_place(project, wiring.open_ledger(project))
    starter = service.Starter(lambda flow: where)
    caller.set_outermost(lambda: starter)
    try:
        yield FlowHome(where)
    finally:
        caller.set_outermost(None)
        where.ledger.close()
