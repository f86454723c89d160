"""How an attempt ended, as the parts of the worker tell each other; `Runner` makes a report of it."""

from __future__ import annotations

from dataclasses import dataclass

from weft.model import events
from weft.ports import executor


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How an attempt ended: the part of its report that does not depend on the clock and the log."""

    outcome: executor.ReportOutcome
    outputs: tuple[executor.OutputReport, ...] = ()
    error: events.Error | None = None
    retryable: bool = True
    task: executor.TaskReport | None = None


def moved(assignment: executor.Assignment, code: str) -> Ended:
    """The end of an attempt whose code is not the one that the plan was made for."""
    return Ended(
        outcome="code_moved",
        error=events.Error(
            kind="weft.CodeMoved",
            message=(
                f"The code of {assignment.step!r} is {code or 'unknown'} in this process, but the plan was made for "
                f"{assignment.code}. Nothing ran. Plan again."
            ),
        ),
    )
