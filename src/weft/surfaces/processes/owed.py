"""What a supervisor has to write to the ledger: kept until it could be, since a full disk must end no host."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from weft.model import errors

if TYPE_CHECKING:
    from weft.ports import ledger as ledgers

Write = Callable[["ledgers.Ledger"], object]


class Owed:
    """For each subject the last thing that is to be written of it."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """Owe nothing yet; `tell` is told once why something could not be written."""
        self._tell = tell
        self._writes: dict[str, Write] = {}
        self._told = ""

    def add(self, subject: str, write: Write) -> None:
        """Owe this; what was owed of the same subject before is out of date."""
        self._writes.pop(subject, None)
        self._writes[subject] = write

    def drop(self, subject: str) -> None:
        """Owe nothing of a subject any more."""
        self._writes.pop(subject, None)

    def pay(self, ledger: ledgers.Ledger) -> None:
        """Write what is owed, as far as the ledger takes it now."""
        for subject, write in list(self._writes.items()):
            try:
                write(ledger)
            except errors.LedgerError as error:
                if error.message != self._told:
                    self._told = error.message
                    self._tell(error.message)
                return
            del self._writes[subject]
        self._told = ""
