"""What a driver is about to write: events in order, committed in one transaction under the run's lease."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from weft.model import events
from weft.ports import ledger as ledgers

Listener = Callable[[Sequence[events.Event]], None]


class Outbox:
    """Collects events until the next commit."""

    def __init__(
        self,
        ledger: ledgers.Ledger,
        lease: ledgers.Lease,
        *,
        written: Callable[[object, int], None],
        listener: Listener | None,
    ) -> None:
        """Write under `lease`; `written` gets each note with the position of its event, `listener` every batch."""
        self._ledger = ledger
        self._lease = lease
        self._written = written
        self._listener = listener
        self._events: list[events.Event] = []
        self._notes: list[tuple[int, object]] = []

    def add(self, told: Iterable[events.Event], note: object = None) -> None:
        """Have events written; `note` is about the first of them."""
        if note is not None:
            self._notes.append((len(self._events), note))
        self._events += told

    def commit(self, *, release: bool) -> bool:
        """Write all at once, and with `release` give the lease back; tells whether there was anything to write.

        Raises:
            FencedError: another process took the run over.
            LedgerError: the ledger could not be written; nothing of it was.
        """
        if not self._events:
            return False
        batch, notes = self._events, self._notes
        self._events, self._notes = [], []
        with self._ledger.transaction() as transaction:
            transaction.check_lease(self._lease)
            first = transaction.append(batch)
            if release:
                transaction.release(self._lease.run)
        for place, note in notes:
            self._written(note, first + place)
        if self._listener is not None:
            self._listener(batch)
        return True
