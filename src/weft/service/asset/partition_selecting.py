"""What is selected on a strip or a grid, and the text that says the same: one becomes the other here.

Screens point at ordinals, all other verbs take text such as `2024-01-01..2024-01-31|AAPL`. Ordinals mean something
beside the fingerprint of their definition only, so that they are never kept, and a stale one is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import prod

from weft.model import errors, keys, partition_set, partitions, plan
from weft.model.partitions import multi, radix, writing
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import strips
from weft.service.server import standings

MOST_RANGES = 5000
MOST_TEXT = 5000
"""Letters of a selection that the other verbs take."""


class PickView(views.View, frozen=True, kw_only=True):
    """Some partitions, or intervals: as text, as ranges of ordinals, and how many of them stand where.

    `text` is None where it would be too long to be used: what is selected is too scattered. `ranges` are
    `[start, stop]`, at most a few thousand; `left_out` counts the others.
    """

    asset: str
    fingerprint: str
    text: str | None
    count: int
    counts: dict[str, int]
    ranges: list[tuple[int, int]]
    left_out: int
    starts_at: str | None
    ends_at: str | None


def pick(
    world: worlds.World,
    known: standings.Standings,
    asset: keys.AssetKey,
    *,
    now: datetime,
    chosen: str | None = None,
    pieces: Sequence[str] = (),
    words: Sequence[str] = (),
    fingerprint: str | None = None,
    status: plan.AssetStatus | None = None,
) -> PickView:
    """The partitions that `chosen` names and those in `pieces`; all without either. Of them those with these statuses.

    A piece is a range of ordinals `10-19`, both ends inclusive, or, of several dimensions, a rectangle `2-5|0-3`:
    ordinals of the slowest dimension, and of the others together.

    Raises:
        UsageError: no partitions, a wrong key or piece, or ordinals of another definition.
    """
    definition, wanted = strips.wanted_of(world, asset, chosen if chosen or not pieces else None, now)
    if fingerprint is not None and fingerprint != definition.fingerprint:
        raise errors.UsageError(
            f"The partitions of {asset} are defined in another way since these were looked at.",
            remedy="Look at them again, and select anew.",
        )
    if pieces:
        universe = definition.universe(now)
        drawn = strips.union_of([_piece(each, definition) for each in pieces]) & universe
        wanted = wanted | drawn if chosen else drawn
    by_status = (status or known.of(world, asset, now)).by_status
    if words:
        wanted &= strips.union_of([ordinals for word, ordinals in by_status.items() if word in words])
    ranges = wanted.ranges()
    first = definition.window(wanted.first) if wanted else None
    last = definition.window(wanted.last) if wanted else None
    return PickView(
        asset=asset,
        fingerprint=definition.fingerprint,
        text=_text(wanted, definition),
        count=len(wanted),
        counts={
            word: len(inside)
            for word in plan.STATUSES
            if (inside := by_status.get(word, partition_set.PartitionSet.empty()) & wanted)
        },
        ranges=ranges[:MOST_RANGES],
        left_out=max(0, len(ranges) - MOST_RANGES),
        starts_at=views.time_of(first.start) if first is not None else None,
        ends_at=views.time_of(last.end) if last is not None else None,
    )


def _text(wanted: partition_set.PartitionSet, definition: partitions.Partitions) -> str | None:
    # each range is a letter at least; of several dimensions one line of a grid is a range for each column
    most = 20 * MOST_TEXT if isinstance(definition, multi.MultiPartitions) else MOST_TEXT
    if len(wanted.ranges()) > most:
        return None
    written = writing.write_selection(wanted, definition)
    return written if len(written) <= MOST_TEXT else None


def _piece(piece: str, definition: partitions.Partitions) -> partition_set.PartitionSet:
    slow, several, others = piece.partition(multi.SEPARATOR)
    if not several:
        return _range(slow, piece)
    if not isinstance(definition, multi.MultiPartitions):
        raise errors.UsageError(
            f"pieces={piece!r} is a rectangle, but there is one dimension.", remedy="Give a range, such as 10-19."
        )
    width = prod(definition.widths)
    inside = _range(others, piece) & partition_set.PartitionSet.range(0, width)
    return radix.outer(_range(slow, piece), inside, width)


def _range(text: str, piece: str) -> partition_set.PartitionSet:
    first, _, last = text.partition("-")
    if not first.isdecimal() or not last.isdecimal() or int(last) < int(first) or len(last) > 12:
        raise errors.UsageError(
            f"pieces={piece!r} is no range of ordinals.", remedy="Write first and last, such as 10-19, or 2-5|0-3."
        )
    return partition_set.PartitionSet.range(int(first), int(last) + 1)
