"""What an asset's versions say of themselves in numbers, over time: what is plotted.

Versions carry metadata of any size (charts, tables, schemas). A plot of a thousand of them needs the numbers alone.
"""

from __future__ import annotations

import msgspec

from weft.model import events, keys
from weft.service import views
from weft.service import world as worlds
from weft.service.run import history

MOST_NAMES = 100
"""So many numbers of one version are told."""


class PointView(views.View, frozen=True, kw_only=True):
    """A version with the numbers of its metadata."""

    version: str
    partition: str | None
    data_version: str
    run: str | None
    at: str
    current: bool
    state: str
    numbers: dict[str, float]


def points(
    world: worlds.World,
    asset: keys.AssetKey,
    named: list[str] | None,
    *,
    limit: int,
    before: int | None = None,
) -> tuple[list[PointView], int | None]:
    """The versions of an asset (of these partitions), newest first, and before which the next page is, if there is one.

    `before` a version, where the page before ended.
    """
    rows = world.ledger.version_page(asset, named, limit=limit + 1, before=before)
    shown = [history.version_view(row) for row in rows[:limit]]
    made = world.ledger.materializations(asset, [row.id for row in rows[:limit]])
    found = []
    for row, each in zip(rows, shown, strict=False):
        _, output = made.get(row.id, ("", None))
        found.append(
            PointView(
                version=each.version,
                partition=each.partition,
                data_version=each.data_version,
                run=each.run,
                at=each.at,
                current=each.current,
                state=each.state,
                numbers=_numbers(output) if output is not None else {},
            )
        )
    return found, rows[limit - 1].id if len(rows) > limit else None


def _numbers(output: events.Materialization) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, raw in {**(output.value.metadata or {}), **output.metadata}.items():
        text = bytes(raw)
        # a number begins with a digit or a minus: charts and schemas are not even decoded
        if text[:1] in b"-0123456789" and len(found) < MOST_NAMES:
            found[name] = msgspec.json.decode(text, type=float)
    return found
