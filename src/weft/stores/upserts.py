"""The statement of each kind of change that folding makes."""

from __future__ import annotations

from weft.ledger import tables, writes


def _upsert(write: tables.Write) -> str:
    columns = write.columns
    marks = ", ".join("?" * len(columns))
    changes = [f"{each} = excluded.{each}" for each in write.replace]
    changes += [f"{each} = {write.table}.{each} + excluded.{each}" for each in write.add]
    action = f"DO UPDATE SET {', '.join(changes)}" if changes else "DO NOTHING"
    return (
        f"INSERT INTO {write.table} ({', '.join(columns)}) VALUES ({marks}) "  # noqa: S608 - names are ours
        f"ON CONFLICT ({', '.join(write.key)}) {action}"
    )


UPSERTS = {kind: _upsert(write) for kind, write in writes.WRITES.items()}
