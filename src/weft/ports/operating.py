"""Operations: what a server asks of a process that has the code of a location loaded, and what came of it.

They are no history: an operation is kept for some days, so that who asked for it can fetch the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRow:
    """One operation. Times are microseconds since the epoch; `ask` and `answer` are JSON.

    `location` is empty where any process may take it. `until` is when it is given up, once it has begun.
    """

    id: str
    kind: str
    location: str
    ask: bytes
    by: str
    created: int
    holder: str = ""
    begun: int | None = None
    until: int = 0
    finished: int | None = None
    outcome: str = ""
    """"succeeded", "failed" or "cancelled"; empty while it has not finished."""
    answer: bytes | None = None


class OperationReader(Protocol):
    """Reads operations."""

    def operation(self, id: str) -> OperationRow | None:  # noqa: A002 - the word of the row
        """One operation by its id."""

    def operations(self, *, limit: int, before: tuple[int, str] | None = None) -> list[OperationRow]:
        """Operations, newest first, those before a place (created, id)."""

    def open_operations(self, kind: str) -> list[OperationRow]:
        """What of a kind has begun and not finished, the oldest first."""

    def waiting_operations(self, location: str, *, since: int) -> list[OperationRow]:
        """What waits for a location, or for any, and was asked for at `since` or later; the oldest first."""


class OperationWriter(Protocol):
    """Writes operations, within a transaction."""

    def add_operation(self, row: OperationRow, *, keep_from: int) -> None:
        """Ask for something; operations from before `keep_from` are let go of."""

    def take_operation(self, id: str, *, holder: str, at: int, until: int) -> bool:  # noqa: A002
        """Begin what waits; False where it does not wait any more."""

    def take_over_operation(self, id: str, *, was: str, holder: str, until: int) -> bool:  # noqa: A002
        """Go on with what the holder `was` has left; False where it has ended, or another process was quicker."""

    def tell_operation(self, id: str, *, holder: str, answer: bytes, until: int) -> bool:  # noqa: A002
        """Write down how far it is; False where it has ended, or another process than `holder` has it."""

    def end_operation(self, id: str, *, outcome: str, answer: bytes, at: int, holder: str | None = None) -> bool:  # noqa: A002
        """Write down what came of it; False where it has ended, or another process than `holder` has it."""
