"""Partitions of two and more dimensions as a grid: the slowest dimension across, the others down.

Where there are more than can be drawn, neighbours are gathered in one square, which shows the most urgent status among
them. A status is read from its set as a text of digits, of which every `width`-th is a row: that is done in C, so that
a million partitions take some ten milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import prod

from weft.model import errors, keys, partition_set, plan
from weft.model.partitions import multi
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import strips
from weft.service.server import standings


class AxisView(views.View, frozen=True, kw_only=True):
    """One side of a grid: `[start, stop)` of `total` places, `size` of them in one square.

    `keys` has the key of the first place of each square.
    """

    name: str
    total: int
    start: int
    stop: int
    size: int
    keys: list[str]


class GridView(views.View, frozen=True, kw_only=True):
    """A part of a grid. `cells` has, of each row, `[first, last, status]`: the squares with that as the most urgent.

    A square without any partition that exists is in none.
    """

    asset: str
    fingerprint: str
    columns: AxisView
    rows: AxisView
    cells: list[list[tuple[int, int, str]]]


def grid(
    world: worlds.World,
    known: standings.Standings,
    asset: keys.AssetKey,
    *,
    now: datetime,
    columns: tuple[int, int | None],
    rows: tuple[int, int | None],
    most_columns: int,
    most_rows: int,
) -> GridView:
    """The grid of an asset between these places, in at most so many squares across and down.

    Raises:
        UsageError: it has less than two dimensions.
    """
    definition, universe = strips.wanted_of(world, asset, None, now)
    if not isinstance(definition, multi.MultiPartitions):
        raise errors.UsageError(
            f"The partitions of {asset} have one dimension: {definition.describe()}.",
            remedy="`/assets/{key}/partitions` shows them as a strip.",
        )
    width = prod(definition.widths)
    order = definition.order
    length = universe.last // width + 1 if universe else 0
    across = _axis(order[0], columns, length, most_columns)
    down = _axis(" | ".join(order[1:]), rows, width, most_rows)
    slow = definition.dimension(order[0])
    return GridView(
        asset=asset,
        fingerprint=definition.fingerprint,
        columns=_keyed(across, slow.keys(list(range(across.start, across.stop, across.size)))),
        rows=_keyed(down, [_row_key(definition, each) for each in range(down.start, down.stop, down.size)]),
        cells=_cells(known.of(world, asset, now).by_status, across, down, width),
    )


def _axis(name: str, between: tuple[int, int | None], total: int, most: int) -> AxisView:
    start = min(between[0], total)
    stop = min(total, between[1]) if between[1] is not None else total
    stop = max(start, stop)
    return AxisView(name=name, total=total, start=start, stop=stop, size=max(1, -(-(stop - start) // most)), keys=[])


def _keyed(axis: AxisView, named: list[str]) -> AxisView:
    return AxisView(name=axis.name, total=axis.total, start=axis.start, stop=axis.stop, size=axis.size, keys=named)


def _row_key(definition: multi.MultiPartitions, minor: int) -> str:
    digits = definition.digits(minor)
    return multi.SEPARATOR.join(
        definition.dimension(name).key(digits[name]) for name in definition.names if name != definition.order[0]
    )


def _cells(
    by_status: Mapping[plan.Status, partition_set.PartitionSet], across: AxisView, down: AxisView, width: int
) -> list[list[tuple[int, int, str]]]:
    extent = (across.stop - across.start) * width
    squares = range(0, across.stop - across.start, across.size)
    worst: list[list[str | None]] = [[None] * len(squares) for _ in range(down.start, down.stop, down.size)]
    for word in reversed(plan.STATUSES):
        ordinals = by_status.get(word)
        bits = (ordinals.bits() >> across.start * width) & ((1 << extent) - 1) if ordinals and extent else 0
        if not bits:
            continue
        digits = f"{bits:0{extent}b}"[::-1]
        for minor in range(down.start, down.stop):
            line = digits[minor::width]
            if "1" not in line:
                continue
            row = worst[(minor - down.start) // down.size]
            for place, begin in enumerate(squares):
                if line.find("1", begin, begin + across.size) >= 0:
                    row[place] = word
    return [_runs(row) for row in worst]


def _runs(row: list[str | None]) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    begin = 0
    for place in range(1, len(row) + 1):
        if place < len(row) and row[place] == row[begin]:
            continue
        word = row[begin]
        if word is not None:
            found.append((begin, place - 1, word))
        begin = place
    return found
