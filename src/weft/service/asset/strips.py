"""The partitions of an asset as a strip: runs of partitions with one status, so that a million of them is a page.

Ordinals count the partitions of the definition that is in force; they mean something beside its fingerprint only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import prod

from weft.model import errors, keys, partition_set, partitions, plan
from weft.model.partitions import multi
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import observing
from weft.service.server import standings

MOST_SEGMENTS = 5000
MOST_KEYS = 1000
MOST_MARKS = 12
_LOOKED_AT_ONCE = 4096
_MOST_LOOKED = 200_000
"""Keys that are looked at for a text in them."""


class CellView(views.View, frozen=True, kw_only=True):
    """Partitions beside each other, where there are too many segments to show: how many have which status."""

    start: int
    stop: int
    status: str
    """The most urgent one among them."""
    counts: dict[str, int]


class StripView(views.View, frozen=True, kw_only=True):
    """All partitions of an asset, or intervals of a pipeline, that exist now (or that were chosen).

    `segments` are `[start, stop, status]`: the ordinals from `start` to before `stop`. Where there are more than a few
    thousand, `cells` has them instead, each over equally many partitions.
    """

    asset: str
    definition: str
    fingerprint: str
    total: int
    start: int
    stop: int
    first_key: str | None
    last_key: str | None
    counts: dict[str, int]
    segments: list[tuple[int, int, str]]
    cells: list[CellView]
    marks: list[tuple[int, str]]
    """Some ordinals, evenly apart, with what to write there: the key, of several dimensions that of the slowest."""
    orphaned: list[str]


class KeyView(views.View, frozen=True, kw_only=True):
    """One partition: its ordinal, key and status, and the window of time that it stands for.

    `version` is the current one, made at `made_at` by `run`. Where the last attempt failed, `run`, `failed_at` and
    `error` are of that.
    """

    ordinal: int
    key: str
    status: str
    starts_at: str | None = None
    ends_at: str | None = None
    version: str | None = None
    made_at: str | None = None
    run: str | None = None
    failed_at: str | None = None
    error: str = ""


class KeysPage(views.View, frozen=True, kw_only=True):
    """Some partitions in order; `next` is the ordinal with which the next page starts, None at the end."""

    asset: str
    fingerprint: str
    items: list[KeyView]
    next: int | None


def strip(
    world: worlds.World,
    known: standings.Standings,
    asset: keys.AssetKey,
    chosen: str | None,
    *,
    now: datetime,
    cells: int = 1000,
    between: tuple[int, int | None] = (0, None),
    status: plan.AssetStatus | None = None,
) -> StripView:
    """The strip of an asset or pipeline; of the partitions `chosen`, or of all that exist now.

    Of these only those `between` two ordinals, the second one excluded.

    Raises:
        UsageError: it has no partitions, or a key is wrong.
    """
    definition, wanted = wanted_of(world, asset, chosen, now)
    if between != (0, None):
        last = wanted.last + 1 if wanted else 0
        wanted &= partition_set.PartitionSet.range(between[0], last if between[1] is None else min(last, between[1]))
    status = status or known.of(world, asset, now)
    inside = {word: ordinals & wanted for word, ordinals in status.by_status.items()}
    inside = {word: ordinals for word, ordinals in inside.items() if ordinals}
    start, stop = (wanted.first, wanted.last + 1) if wanted else (0, 0)
    segments = _segments(inside)
    return StripView(
        asset=asset,
        definition=definition.describe(),
        fingerprint=definition.fingerprint,
        total=len(wanted),
        start=start,
        stop=stop,
        first_key=definition.key(start) if wanted else None,
        last_key=definition.key(stop - 1) if wanted else None,
        counts={word: len(ordinals) for word, ordinals in inside.items()},
        segments=segments if len(segments) <= MOST_SEGMENTS else [],
        cells=[] if len(segments) <= MOST_SEGMENTS else _cells(inside, start, stop, cells),
        marks=_marks(definition, start, stop),
        orphaned=list(status.orphaned)[:MOST_KEYS],
    )


def keys_page(
    world: worlds.World,
    known: standings.Standings,
    asset: keys.AssetKey,
    chosen: str | None,
    *,
    now: datetime,
    start: int = 0,
    limit: int = 100,
    words: Sequence[str] = (),
    text: str = "",
    status: plan.AssetStatus | None = None,
) -> KeysPage:
    """Partitions in order, from the ordinal `start` on, with their keys; of these statuses, or of all.

    With `text` those that have it in their key, in either case; of very many partitions the first ones are looked at.

    Raises:
        UsageError: it has no partitions, or a key is wrong.
    """
    definition, wanted = wanted_of(world, asset, chosen, now)
    by_status = (status or known.of(world, asset, now)).by_status
    if words:
        wanted &= union_of([by_status.get(word, partition_set.PartitionSet.empty()) for word in words])  # type: ignore[call-overload]
    rest = wanted - partition_set.PartitionSet.range(0, start)
    if text:
        rest = _with_text(definition, rest, text, limit + 1)
    taken = rest.take(limit)
    ordinals = list(taken)
    status_of: dict[int, plan.Status] = {}
    for word, each in by_status.items():
        status_of.update(dict.fromkeys(each & taken, word))
    columns = observing.look(world, frozenset([asset])).columns[asset]
    items = []
    for ordinal, key in zip(ordinals, definition.keys(taken), strict=True):
        window = definition.window(ordinal)
        made = columns.versions[ordinal] if ordinal < columns.size else 0
        failure = columns.failed.get(ordinal)
        run = failure.run if failure is not None else columns.run_of(ordinal) if made else ""
        items.append(
            KeyView(
                ordinal=ordinal,
                key=key,
                status=status_of.get(ordinal, ""),
                starts_at=views.time_of(window.start) if window is not None else None,
                ends_at=views.time_of(window.end) if window is not None else None,
                version=views.version_name(made) if made else None,
                made_at=views.time_of_us(columns.made_at[ordinal]) if made else None,
                run=run or None,
                failed_at=views.time_of_us(failure.at) if failure is not None else None,
                error=failure.error if failure is not None else "",
            )
        )
    return KeysPage(
        asset=asset,
        fingerprint=definition.fingerprint,
        items=items,
        next=ordinals[-1] + 1 if len(rest) > len(ordinals) else None,
    )


def _with_text(
    definition: partitions.Partitions, ordinals: partition_set.PartitionSet, text: str, most: int
) -> partition_set.PartitionSet:
    """The first `most` partitions, or some more, that have a text in their key, among the first ones of very many."""
    sought = text.lower()
    found: list[int] = []
    looked = 0
    for start, stop in ordinals.ranges():
        for at in range(start, stop, _LOOKED_AT_ONCE):
            piece = partition_set.PartitionSet.range(at, min(stop, at + _LOOKED_AT_ONCE))
            keyed = zip(piece, definition.keys(piece), strict=True)
            found += [ordinal for ordinal, key in keyed if sought in key.lower()]
            looked += len(piece)
            if len(found) >= most or looked >= _MOST_LOOKED:
                return partition_set.PartitionSet.of(found)
    return partition_set.PartitionSet.of(found)


def wanted_of(
    world: worlds.World, asset: keys.AssetKey, chosen: str | None, now: datetime
) -> tuple[partitions.Partitions, partition_set.PartitionSet]:
    """The definition of an asset's partitions, and those that are `chosen`, or all that exist now.

    Raises:
        UsageError: it has no partitions, or a key is wrong.
    """
    definition = world.planned.assets[asset].partitions
    if definition is None:
        raise errors.UsageError(
            f"{asset} has no partitions.", remedy="Its status is that of the whole; leave the partitions out."
        )
    if chosen is not None:
        return definition, partitions.parse_selection(chosen, definition, now)
    return definition, definition.universe(now)


def union_of(sets: Sequence[partition_set.PartitionSet]) -> partition_set.PartitionSet:
    """All that is in one of these sets."""
    found = partition_set.PartitionSet.empty()
    for each in sets:
        found |= each
    return found


def _marks(definition: partitions.Partitions, start: int, stop: int) -> list[tuple[int, str]]:
    if not isinstance(definition, multi.MultiPartitions):
        step = max(1, -(-(stop - start) // MOST_MARKS))
        return [(each, definition.key(each)) for each in range(start, stop, step)]
    width = prod(definition.widths)
    slow = definition.dimension(definition.order[0])
    step = max(1, -(-(stop - start) // (width * MOST_MARKS)))
    return [(each * width, slow.key(each)) for each in range(-(-start // width), -(-stop // width), step)]


def _segments(inside: dict[plan.Status, partition_set.PartitionSet]) -> list[tuple[int, int, str]]:
    found = [(start, stop, word) for word, ordinals in inside.items() for start, stop in ordinals.ranges()]
    found.sort()
    return found  # type: ignore[return-value]  # a status is a text


def _cells(inside: dict[plan.Status, partition_set.PartitionSet], start: int, stop: int, cells: int) -> list[CellView]:
    size = max(1, -(-(stop - start) // cells))
    mask = (1 << size) - 1
    counted: list[dict[str, int]] = [{} for _ in range(-(-(stop - start) // size))]
    for word in plan.STATUSES:
        ordinals = inside.get(word)
        if not ordinals:
            continue
        content = (ordinals.bits() >> start).to_bytes((stop - start) // 8 + 2, "little")
        for place, counts in enumerate(counted):
            begin = place * size
            piece = int.from_bytes(content[begin // 8 : (begin + size) // 8 + 1], "little") >> (begin % 8)
            count = (piece & mask).bit_count()
            if count:
                counts[word] = count
    return [
        CellView(
            start=start + place * size,
            stop=min(stop, start + (place + 1) * size),
            status=next(iter(counts)),
            counts=counts,
        )
        for place, counts in enumerate(counted)
        if counts
    ]
