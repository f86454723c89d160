"""The ledger on SQLite: appends that fold in their own transaction, under the lease of the run that writes.

One object is used by one thread at a time. Several processes may write at once: each transaction takes the write lock
first.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from weft.ledger import codec, fold
from weft.model import errors, events, partition_set, partitions
from weft.ports import clock as clocks
from weft.ports import ledger as ports
from weft.stores import (
    accounts,
    automating,
    bell,
    deciding,
    executing,
    incidents,
    locations,
    migrating,
    operating,
    paging,
    queueing,
    reading,
    summaries,
    upserts,
    verify,
    weaving,
)
from weft.stores import connection as connections

_WORTH_SAVING = 1000  # rows that changed since a summary, from which on a new one pays


def _encoded(batch: Sequence[events.Event]) -> tuple[list[str], Sequence[events.Event]]:
    """The events as text, and the events that the texts say."""
    encode = codec.encode
    try:
        return [encode(event).decode() for event in batch], batch
    except UnicodeEncodeError:  # an error message with a file name that isn't UTF-8, say: no reason to lose the run
        batch = [codec.cleaned(event) for event in batch]
        return [encode(event).decode() for event in batch], batch


class SqliteTransaction(
    queueing.QueueWrites,
    accounts.AccountWrites,
    executing.ExecutionWrites,
    incidents.IncidentWrites,
    automating.AutomationWrites,
    deciding.DecidingWrites,
    operating.OperationWrites,
):
    """One write transaction; made by `SqliteLedger.transaction`."""

    def __init__(self, connection: sqlite3.Connection, now: int) -> None:
        """Write through `connection`, at the time `now` (microseconds since the epoch)."""
        self._connection = connection
        self._now = now

    def append(self, batch: Sequence[events.Event]) -> int:
        """Add events to the log and fold them; returns the position of the first."""
        connection, now = self._connection, self._now
        first: int = connection.execute("SELECT coalesce(max(position), 0) + 1 FROM event").fetchone()[0]
        bodies, batch = _encoded(batch)
        connection.executemany(
            "INSERT INTO event (position, at, run, type, body) VALUES (?, ?, ?, ?, ?)",
            [
                (first + place, now, getattr(event, "run", None), type(event).__name__, bodies[place])
                for place, event in enumerate(batch)
            ],
        )
        for kind, rows in fold.fold((first + place, now, event) for place, event in enumerate(batch)):
            connection.executemany(upserts.UPSERTS[kind], rows)
        return first

    def lease(self, run: str) -> ports.LeaseRow | None:
        """Who owns a run."""
        return reading.lease(self._connection, run)

    def check_lease(self, lease: ports.Lease) -> None:
        """Raise FencedError unless `lease` is the one in force."""
        row = self._connection.execute("SELECT epoch FROM lease WHERE run = ?", (lease.run,)).fetchone()
        if row is None or row[0] != lease.epoch:
            raise errors.FencedError(
                f"Run {lease.run} is owned by another process now"
                + (f" (epoch {row[0]}, this one had {lease.epoch})." if row else ": it has ended."),
                remedy="This process stops; nothing that it did since then is kept.",
            )

    def set_lease(self, row: ports.LeaseRow) -> None:
        """Give the lease of a run to an owner."""
        self._connection.execute(
            "INSERT INTO lease (run, epoch, owner, expires) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (run) DO UPDATE "
            "SET epoch = excluded.epoch, owner = excluded.owner, expires = excluded.expires",
            (row.run, row.epoch, row.owner, row.expires),
        )

    def reservations(self, asset: str) -> list[tuple[str, str, partition_set.PartitionSet]]:
        """Live reservations of an asset: run, fingerprint of the partitions, ordinals."""
        return reading.reservations(self._connection, asset)

    def changed_since(self, asset: str, position: int) -> bool:
        """Whether anything of this asset changed after `position`."""
        row = self._connection.execute(
            "SELECT 1 FROM partition WHERE asset = ? AND changed > ? LIMIT 1", (asset, position)
        ).fetchone()
        return row is not None

    def position(self) -> int:
        """Position of the last event."""
        return reading.position(self._connection)

    def reserve(self, run: str, asset: str, fingerprint: str, ordinals: partition_set.PartitionSet) -> None:
        """Note that `run` will write these partitions."""
        self._connection.execute(
            "INSERT INTO reservation (run, asset, fingerprint, ordinals) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (asset, run) DO UPDATE SET ordinals = excluded.ordinals, fingerprint = excluded.fingerprint",
            (run, asset, fingerprint, json.dumps(ordinals.encode())),
        )

    def release(self, run: str) -> None:
        """Give back all that a run reserved, the slots that it holds, and its lease."""
        self.free_pools(run)
        self._connection.execute("DELETE FROM reservation WHERE run = ?", (run,))
        self._connection.execute("DELETE FROM lease WHERE run = ?", (run,))

    def put_document(self, digest: str, kind: str, body: bytes) -> None:
        """Keep a document under its digest."""
        self._connection.execute(
            "INSERT INTO document (digest, kind, body) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
            (digest, kind, body),
        )

    def put_summary(self, asset: str, fingerprint: str, position: int, body: bytes) -> None:
        """Keep the columns of an asset, so that the next planning reads only what changed since."""
        self._connection.execute(
            "INSERT INTO summary (asset, fingerprint, position, body) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (asset) DO UPDATE "
            "SET fingerprint = excluded.fingerprint, position = excluded.position, body = excluded.body "
            "WHERE excluded.position > summary.position OR excluded.fingerprint <> summary.fingerprint",
            (asset, fingerprint, position, body),
        )


class SqliteLedger(
    queueing.QueueReads,
    paging.PagingReader,
    reading.SqliteReader,
    locations.LocationReads,
    accounts.AccountReads,
    executing.ExecutionReads,
    incidents.IncidentReads,
    automating.AutomationReads,
    deciding.DecidingReads,
    operating.OperationReads,
    weaving.WeavingReads,
):
    """The ledger in one SQLite file, or in memory."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        durability: connections.Durability = "full",
        clock: clocks.Clock | None = None,
    ) -> None:
        """Open the ledger at `path` (None: in memory), making it where there is none.

        Raises:
            LedgerError: it cannot be opened, or a newer weft wrote it.
        """
        super().__init__(connections.open_connection(path, durability=durability), path)
        self._clock = clock or clocks.SystemClock()
        self._synchronised = durability == "full"
        self._bell = bell.Bell(path) if path is not None else None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[SqliteTransaction]:
        """Write under the write lock; rolled back on any exception.

        Raises:
            LedgerError: the store fails; nothing of the transaction is kept.
        """
        with connections.translated(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteTransaction(self._connection, clocks.microseconds(self._clock.now()))
                self._connection.execute("COMMIT")
            except BaseException:
                migrating.roll_back(self._connection)
                raise
        if self._bell is not None:
            self._bell.ring()

    def listen(self) -> bell.Listener:
        """Something that wakes whenever this ledger is written, by whatever process; a hint, to be closed."""
        return bell.Listener(self.path)

    @contextlib.contextmanager
    def unsynchronised(self) -> Iterator[None]:
        """Commits within survive `kill -9`; a power failure may lose those that no later commit has made lasting.

        For what is done again if it is lost, such as the claim of a call whose body then runs.
        """
        if not self._synchronised:
            yield
            return
        self._connection.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._connection.execute("PRAGMA synchronous = FULL")

    def append(self, batch: Sequence[events.Event], *, lease: ports.Lease | None = None) -> int:
        """Append events in one transaction; returns the position of the first.

        Raises:
            FencedError: `lease` is not the one in force; nothing was written.
            LedgerError: the store fails; nothing was written.
        """
        with self.transaction() as transaction:
            if lease is not None:
                transaction.check_lease(lease)
            return transaction.append(batch)

    def renew_lease(self, lease: ports.Lease, expires: int) -> bool:
        """Keep a lease until `expires` (microseconds); False when another process has it."""
        with connections.translated(self.path):
            cursor = self._connection.execute(
                "UPDATE lease SET expires = ? WHERE run = ? AND epoch = ?", (expires, lease.run, lease.epoch)
            )
            return cursor.rowcount == 1

    def put_work_pool(self, row: ports.WorkPoolRow) -> None:
        """Keep a work pool under its name; one that exists is changed, but for the time when it was made."""
        with self.transaction():
            self._connection.execute(
                "INSERT INTO work_pool (name, type, config, slots, paused, created) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET type = excluded.type, config = excluded.config, "
                "slots = excluded.slots, paused = excluded.paused",
                (row.name, row.type, row.config, row.slots, int(row.paused), row.created),
            )

    def remove_work_pool(self, name: str) -> bool:
        """Let go of a work pool; False where there is none of this name."""
        with self.transaction():
            return self._connection.execute("DELETE FROM work_pool WHERE name = ?", (name,)).rowcount == 1

    def save_columns(self, assets: Mapping[str, partitions.Partitions | None]) -> None:
        """Keep the columns of large assets that have changed much since, so that the next planning reads few rows."""
        for asset, definition in assets.items():
            lag = self.summary_lag(asset) if definition is not None else None
            if definition is None or lag is None or lag < _WORTH_SAVING:
                continue
            with self.transaction() as transaction:
                position = transaction.position()
                known = self.columns({asset: definition}, external=frozenset((asset,)))[asset]
                transaction.put_summary(asset, summaries.mark_of(definition), position, summaries.encode(known))

    def verify(self) -> verify.Verification:
        """Rebuild every projection from the events and compare with what is kept."""
        return verify.verify(self._connection, self.path)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        if self._bell is not None:
            self._bell.close()
