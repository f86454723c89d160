"""What a fold gathers: rows by kind of write, so that a store runs each kind as one statement with many rows."""

from __future__ import annotations

from typing import TypeAlias

from weft.ledger import writes

Row: TypeAlias = tuple[object, ...]


class Changes:
    """Rows gathered by kind of write, in segments that keep the order of writes to one row."""

    def __init__(self) -> None:
        self.segments: list[dict[str, list[Row]]] = [{}]
        self._touched: dict[tuple[object, ...], str] = {}
        self._sums: dict[tuple[str, str], list[int]] = {}

    def put(self, kind: str, *row: object) -> None:
        """Add a row to a kind of write; its values come in the order of the write's columns."""
        write = writes.WRITES[kind]
        where = (write.table, *row[: len(write.key)])
        before = self._touched.get(where)
        if before is not None and before != kind:
            self._close()
        self._touched[where] = kind
        self.segments[-1].setdefault(kind, []).append(row)

    def add(self, kind: str, key: str, *amounts: int) -> None:
        """Count amounts up; they are written once for the batch, after everything else."""
        sums = self._sums.setdefault((kind, key), [0] * len(amounts))
        for place, amount in enumerate(amounts):
            sums[place] += amount

    def _close(self) -> None:
        self._touched.clear()
        self.segments.append({})

    def finish(self) -> list[tuple[str, list[Row]]]:
        """All writes, in the order in which they are to be done."""
        if self._sums:
            self._close()
        for (kind, key), sums in self._sums.items():
            tail = ("running",) if writes.WRITES[kind].first else ()  # the phase of a run that nothing else is known of
            self.segments[-1].setdefault(kind, []).append((key, *sums, *tail))
        return [(kind, rows) for segment in self.segments for kind, rows in segment.items()]
