"""Reading a ledger on SQLite: the projections, the log, and columns by asset with their cache.

The columns of an asset are read from its rows; those of a large one from its summary and the rows that changed since.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from weft.ledger import codec
from weft.model import columns as columns_model
from weft.model import events, partition_set, partitions
from weft.ports import ledger as ports
from weft.stores import connection as connections
from weft.stores import run_reading, summaries

_Item = TypeVar("_Item")
_CHUNK = 500  # parameters of one IN (…)
_SUMMARY_FROM = 2000  # partitions from which on a summary pays
_decode_metadata = msgspec.json.Decoder(dict[str, object]).decode
_decode_inputs = msgspec.msgpack.Decoder(dict[str, int]).decode

ROW_COLUMNS = (
    "key, version, token, first_token, code, inputs, made_at, made_by, confirmed_at, outcome, attempt_run, attempt_at, "
    "attempt, error, rejected, rejected_code, rejected_inputs, accepted"
)
FAILED_OUTCOMES = ("failed", "timed_out", "crashed")


def position(connection: sqlite3.Connection) -> int:
    """Position of the last event, 0 where there is none."""
    found: int = connection.execute("SELECT coalesce(max(position), 0) FROM event").fetchone()[0]
    return found


def lease(connection: sqlite3.Connection, run: str) -> ports.LeaseRow | None:
    """Who owns a run."""
    row = connection.execute("SELECT run, epoch, owner, expires FROM lease WHERE run = ?", (run,)).fetchone()
    return ports.LeaseRow(run=row[0], epoch=row[1], owner=row[2], expires=row[3]) if row else None


def reservations(connection: sqlite3.Connection, asset: str) -> list[tuple[str, str, partition_set.PartitionSet]]:
    """Live reservations of an asset: run, fingerprint of the partitions, ordinals."""
    rows = connection.execute("SELECT run, fingerprint, ordinals FROM reservation WHERE asset = ?", (asset,))
    return [(run, mark, partition_set.PartitionSet.decode(json.loads(ordinals))) for run, mark, ordinals in rows]


def partition_row(row: tuple[Any, ...]) -> columns_model.PartitionRow:
    """A row with `ROW_COLUMNS` as the columns of an asset take it."""
    (key, version, token, first, code, inputs, made_at, made_by, confirmed, outcome, run, at, attempt, error, rejected,
     rejected_code, rejected_inputs, accepted) = row  # fmt: skip
    failure = rejection = None
    if outcome in FAILED_OUTCOMES:
        failure = columns_model.Failure(outcome=outcome, run=run, at=at, attempts=attempt, error=error)
    if rejected:
        rejection = columns_model.Rejection(
            version=rejected,
            code=rejected_code,
            inputs=_decode_inputs(rejected_inputs) if rejected_inputs else {},
        )
    return columns_model.PartitionRow(
        key=key,
        version=version,
        token=token & 0xFFFFFFFFFFFFFFFF,
        first_token=first & 0xFFFFFFFFFFFFFFFF,
        code=code,
        inputs=_decode_inputs(inputs) if inputs else {},
        made_at=made_at,
        made_by=made_by,
        confirmed_at=confirmed,
        failure=failure,
        rejection=rejection,
        accepted=accepted,
    )


CHECK_COLUMNS = "asset, key, name, version, passed, blocking, severity, description, at, run, metadata"


def check_row(row: tuple[Any, ...]) -> ports.CheckRow:
    """A row with `CHECK_COLUMNS` as the result of a check."""
    return ports.CheckRow(
        asset=row[0], key=row[1], name=row[2], version=row[3], passed=bool(row[4]), blocking=bool(row[5]),
        severity=row[6], description=row[7], at=row[8], run=row[9],
        metadata=_decode_metadata(row[10]) if row[10] else {},
    )  # fmt: skip


class SqliteReader(run_reading.RunReader):
    """Reads of one ledger file. Reads see everything that was committed before they began."""

    def position(self) -> int:
        """Position of the last event, 0 where there is none."""
        with connections.translated(self.path):
            return position(self._connection)

    # --- columns ---

    def columns(
        self,
        assets: Mapping[str, partitions.Partitions | None],
        *,
        external: frozenset[str] = frozenset(),
    ) -> dict[str, columns_model.Columns]:
        """What is known of these assets, over the ordinals of the given (resolved) definitions."""
        found = {asset: columns_model.Columns(0) for asset in assets}
        with connections.translated(self.path):
            plain = [asset for asset, definition in assets.items() if definition is None]
            self._fill_plain(found, plain, external)
            for asset, definition in assets.items():
                if definition is not None:
                    found[asset] = self._fill_partitioned(asset, definition, asset in external)
        return found

    def sound_keys(self, asset: str, keys: Sequence[str] | None = None) -> list[str]:
        """The keys of partitions (of these, or of all) that have data and whose last attempt did not fail."""
        query = "SELECT key FROM partition WHERE asset = ? AND token <> 0 AND outcome NOT IN (?, ?, ?)"
        with connections.translated(self.path):
            if keys is None:
                return [row[0] for row in self._connection.execute(query, (asset, *FAILED_OUTCOMES))]
            return [
                row[0]
                for start in range(0, len(keys), _CHUNK)
                for row in self._connection.execute(
                    f"{query} AND key IN ({','.join('?' * len(keys[start : start + _CHUNK]))})",
                    (asset, *FAILED_OUTCOMES, *keys[start : start + _CHUNK]),
                )
            ]

    def _fill_plain(
        self, found: dict[str, columns_model.Columns], plain: Sequence[str], external: frozenset[str]
    ) -> None:
        # one look-up for each, in the order of the table: a scan would go through the partitions of all others, too
        for row in self._connection.execute(
            f"SELECT asset, {ROW_COLUMNS} FROM (SELECT value AS wanted FROM json_each(?)) "  # noqa: S608
            "CROSS JOIN partition ON asset = wanted AND key = ''",
            (json.dumps(sorted(plain)),),
        ):
            found[row[0]].put(0, partition_row(row[1:]), external=row[0] in external)

    def _fill_partitioned(self, asset: str, definition: partitions.Partitions, external: bool) -> columns_model.Columns:
        row = self._connection.execute(
            "SELECT position, body FROM summary WHERE asset = ? AND fingerprint = ?",
            (asset, summaries.mark_of(definition)),
        ).fetchone()
        known, since = (summaries.decode(row[1]), row[0]) if row else (columns_model.Columns(0), 0)
        if not external:
            known.first_tokens.clear()
        orphaned = set(known.orphaned)
        where = "changed > ?" if since else "? = 0"
        cursor = self._connection.execute(
            f"SELECT {ROW_COLUMNS} FROM partition WHERE asset = ? AND {where}",  # noqa: S608
            (asset, since),
        )
        while rows := cursor.fetchmany(10_000):
            ordinals = definition.ordinals([each[0] for each in rows])
            known.grow(1 + max((each for each in ordinals if each is not None), default=-1))
            for ordinal, each in zip(ordinals, rows, strict=True):
                if ordinal is None:
                    if each[1]:
                        orphaned.add(each[0])
                else:
                    known.put(ordinal, partition_row(each), external=external)
        known.orphaned = sorted(orphaned)
        return known

    def summary_lag(self, asset: str) -> int | None:
        """How many rows changed since the asset's summary was kept; None where it is too small for one."""
        rows = self._rows("SELECT position FROM summary WHERE asset = ?", (asset,))
        since = rows[0][0] if rows else 0
        count: int = self._rows(
            "SELECT count(*) FROM (SELECT 1 FROM partition WHERE asset = ? AND changed > ? LIMIT 50000)", (asset, since)
        )[0][0]
        return None if not rows and count < _SUMMARY_FROM else count

    # --- versions ---

    def materializations(self, asset: str, versions: Iterable[int]) -> dict[int, tuple[str, events.Materialization]]:
        """Partition key and materialization of these versions of an asset, by version."""
        found: dict[int, tuple[str, events.Materialization]] = {}
        for part in _chunks(list(versions)):
            for place, body in self._rows(
                f"SELECT position, CAST(body AS BLOB) FROM event WHERE position IN {_marks(part)}",  # noqa: S608
                part,
            ):
                event = codec.decode(body, place)
                if isinstance(event, events.StepSucceeded | events.AttemptFailed):
                    found.update(
                        (place, (event.partition or "", each)) for each in event.outputs if each.asset == asset
                    )
                elif isinstance(event, events.Materialized) and event.output.asset == asset:
                    found[place] = (event.partition or "", event.output)
        return found

    def versions(
        self, asset: str, keys: Sequence[str] | None = None, *, limit: int | None = None
    ) -> list[ports.VersionRow]:
        """The versions of an asset (of these partitions), newest first."""
        rows = self._rows(
            "SELECT v.asset, v.key, v.id, v.at, v.run, v.data_version, v.code, v.state, coalesce(p.version = v.id, 0) "
            "FROM version v LEFT JOIN partition p ON p.asset = v.asset AND p.key = v.key "
            "WHERE v.asset = ? AND v.state <> 'removed' ORDER BY v.id DESC"
            + (f" LIMIT {int(limit)}" if limit and keys is None else ""),
            (asset,),
        )
        if keys is not None:
            wanted = set(keys)
            rows = [row for row in rows if row[1] in wanted][: limit or None]
        return [
            ports.VersionRow(
                asset=row[0], key=row[1], id=row[2], at=row[3], run=row[4], data_version=row[5], code=row[6],
                state=row[7], current=bool(row[8]),
            )
            for row in rows
        ]  # fmt: skip

    def decisions(self, asset: str) -> list[tuple[int, events.Accepted | events.VersionPointed]]:
        """What people decided about an asset's partitions, each with its time, newest first."""
        found: list[tuple[int, events.Accepted | events.VersionPointed]] = []
        for place, at, body in self._rows(
            "SELECT position, at, CAST(body AS BLOB) FROM event WHERE type IN ('Accepted', 'VersionPointed') "
            "ORDER BY position DESC"
        ):
            event = codec.decode(body, place)
            if isinstance(event, events.Accepted | events.VersionPointed) and event.asset == asset:
                found.append((at, event))
        return found

    def attempted_by(self, asset: str, keys: Sequence[str] | None = None) -> list[str]:
        """The runs that last attempted partitions of an asset (these ones), newest first."""
        rows = self._rows(
            "SELECT key, attempt_run, attempt_at FROM partition WHERE asset = ? AND attempt_run <> ''", (asset,)
        )
        wanted = None if keys is None else set(keys)
        latest: dict[str, int] = {}
        for key, run, at in rows:
            if wanted is None or key in wanted:
                latest[run] = max(at, latest.get(run, 0))
        return sorted(latest, key=lambda run: -latest[run])

    def partition_keys(self, asset: str) -> list[str]:
        """The keys of all partitions of an asset that anything is known of, orphaned ones too."""
        return [row[0] for row in self._rows("SELECT key FROM partition WHERE asset = ?", (asset,)) if row[0]]

    def versioned_assets(self) -> list[str]:
        """The assets that have versions, also such as are no longer defined."""
        # from one asset to the next by the index: DISTINCT would walk every version
        return [
            row[0]
            for row in self._rows(
                "WITH RECURSIVE each (asset) AS (SELECT min(asset) FROM version UNION ALL "
                "SELECT (SELECT min(asset) FROM version WHERE asset > each.asset) FROM each WHERE asset IS NOT NULL) "
                "SELECT asset FROM each WHERE asset IS NOT NULL "
                "AND EXISTS (SELECT 1 FROM version WHERE version.asset = each.asset AND state <> 'removed')"
            )
        ]

    def rejected_versions(self, asset: str) -> set[int]:
        """The versions of an asset that a blocking check rejected and that still wait for what becomes of them."""
        return {
            row[0] for row in self._rows("SELECT rejected FROM partition WHERE asset = ? AND rejected > 0", (asset,))
        }

    def schema(self) -> int:
        """The version of the store's schema."""
        found: int = self._rows("PRAGMA user_version")[0][0]
        return found

    def health(self) -> list[str]:
        """What a quick look at the store's own integrity finds wrong; nothing for a sound one."""
        found = [row[0] for row in self._rows("PRAGMA quick_check(5)")]
        return [] if found == ["ok"] else found

    def checks(self, asset: str) -> list[ports.CheckRow]:
        """The latest result of each check of an asset, by partition."""
        rows = self._rows(f"SELECT {CHECK_COLUMNS} FROM check_result WHERE asset = ? ORDER BY key, name", (asset,))  # noqa: S608
        return [check_row(row) for row in rows]

    # --- the log ---

    def events(
        self, run: str | None = None, *, after: int = 0, limit: int | None = None
    ) -> Iterator[tuple[int, int, events.Event]]:
        """Events in order, each with position and time; of one run or of the whole log."""
        where, parameters = ("run = ? AND ", (run,)) if run is not None else ("", ())
        bound = f" LIMIT {int(limit)}" if limit else ""
        with connections.translated(self.path):
            cursor = self._connection.execute(
                "SELECT position, at, CAST(body AS BLOB) FROM event "  # noqa: S608 - what is put in is ours
                f"WHERE {where}position > ? ORDER BY position{bound}",
                (*parameters, after),
            )
            for place, at, body in cursor:
                yield place, at, codec.decode(body, place)

    def lease(self, run: str) -> ports.LeaseRow | None:
        """Who owns a run."""
        with connections.translated(self.path):
            return lease(self._connection, run)

    def reservations(self, asset: str) -> list[tuple[str, str, partition_set.PartitionSet]]:
        """Live reservations of an asset: run, fingerprint of the partitions, ordinals."""
        with connections.translated(self.path):
            return reservations(self._connection, asset)

    def reserved_assets(self) -> list[str]:
        """The assets that live runs write."""
        return [row[0] for row in self._rows("SELECT DISTINCT asset FROM reservation")]

    # --- the rest ---

    def step_seconds(self) -> dict[str, float]:
        """Mean duration of an attempt of each step that has succeeded."""
        return {
            row[0]: row[1] / 1e6
            for row in self._rows("SELECT step, total * 1.0 / count FROM step_time WHERE count > 0")
        }

    def dynamic_keys(self) -> dict[str, tuple[list[str], list[str]]]:
        """Keys of dynamic partitions by name: all in order of addition, and those removed since."""
        found: dict[str, tuple[list[str], list[str]]] = {}
        for name, key, removed in self._rows("SELECT name, key, removed FROM dynamic_key ORDER BY added, place"):
            keys, gone = found.setdefault(name, ([], []))
            keys.append(key)
            if removed:
                gone.append(key)
        return found

    def document(self, digest: str) -> bytes | None:
        """A document by its digest."""
        rows = self._rows("SELECT body FROM document WHERE digest = ?", (digest,))
        return zlib.decompress(rows[0][0]) if rows else None

    def code_document(self, code: str) -> bytes | None:
        """The manifest, with sources, behind a code digest."""
        rows = self._rows("SELECT body FROM document d JOIN code c ON c.document = d.digest WHERE c.code = ?", (code,))
        return zlib.decompress(rows[0][0]) if rows else None

    def known_codes(self) -> set[str]:
        """Code digests whose manifest is kept."""
        return {row[0] for row in self._rows("SELECT code FROM code")}


def _marks(part: Sequence[object]) -> str:
    return f"({','.join('?' * len(part))})"


def _chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
