"""What mends a trouble, in the words of a plan: a selection, and the partitions of each of its assets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from weft.model import chosen, errors, keys, partition_set, partitions
from weft.planner import troubles
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.service.asset import asset_views
from weft.service.now import asked, words
from weft.service.plan import planning
from weft.service.server import standings

MOST_SELECT, MOST_PARTITIONS = 2_000, 5_000
"""How long a selection and partitions may be where they are typed or sent."""
_MOST_RANGES = 200
_MOST_SHOWN = 12


ALL = "all"
"""In place of a trouble: all that a plan mends."""


def ask(world: worlds.World, known: standings.Standings, trouble: str, now: datetime) -> planning.Ask:
    """What is to be planned to mend a trouble, or `ALL` of them, as it stands now.

    Raises:
        NotFoundError: there is no such trouble any more.
        ConflictError: no plan mends it.
    """
    by_schedules = asked.by_schedules(world, known, now)
    if trouble == ALL:
        every = known.mended_together(world, now, by_schedules)
        if not every:
            raise errors.NotFoundError("Nothing is wrong that a plan mends.", remedy="`GET /now` lists what is wrong.")
        select, text = _in_words(world, every)
        return planning.Ask(selection=select, partitions=text)
    found = known.troubles(world, now, by_schedules, also=trouble)[1]
    for each in found.all:
        if each.id == trouble:
            if not each.mends:
                raise errors.ConflictError(
                    f"No plan mends {trouble}.", remedy="Accept it as it is, or correct its code or what it reads."
                )
            select, text = _in_words(world, each.mends)
            return planning.Ask(selection=select, partitions=text)
    raise errors.NotFoundError(f"There is no trouble {trouble[:200]!r}.", remedy="`GET /now` lists what is wrong now.")


def view(world: worlds.World, found: troubles.Trouble, seconds: dict[str, float]) -> words.RepairView | None:
    """The repair of a trouble as it is shown, None where no plan would make anything of it."""
    if not found.mends:
        return None
    ranges = sum(len(ordinals.ranges()) for ordinals in found.mends.values())
    select, text = _in_words(world, found.mends) if ranges <= _MOST_RANGES else ("", None)
    fits = 0 < len(select) <= MOST_SELECT and len(text or "") <= MOST_PARTITIONS
    known = [seconds[step] * len(ordinals) for step, ordinals in found.mends.items() if step in seconds]
    return words.RepairView(
        select=select if fits else None,
        partitions=text if fits else None,
        assets=sum(len(world.planned.steps[step].outputs) for step in found.mends),
        steps=sum(map(len, found.mends.values())),
        seconds=round(sum(known), 3) if known else None,
    )


def _in_words(world: worlds.World, mends: Mapping[keys.StepKey, partition_set.PartitionSet]) -> tuple[str, str | None]:
    """A selection, and partitions where there are any."""
    graph = world.planned
    by_asset = {asset: ordinals for step, ordinals in mends.items() for asset in graph.steps[step].outputs}
    select = " or ".join(map(asset_views.selection_of, by_asset))
    texts = {
        asset: partitions.write_selection(ordinals, definition)
        for asset, ordinals in by_asset.items()
        if (definition := graph.assets[asset].partitions) is not None
    }
    if not texts:
        return select, None
    if len(by_asset) == 1:
        return select, next(iter(texts.values()))
    return select, chosen.write({asset: texts.get(asset, "") for asset in by_asset})


def written(world: worlds.World, asset: keys.AssetKey, ordinals: partition_set.PartitionSet) -> str | None:
    """Partitions in a few words for people, None for what has none; the first ones of very many."""
    known = world.planned.assets.get(asset)
    definition = known.partitions if known is not None else None
    if definition is None or not ordinals:
        return None
    ranges = ordinals.ranges()
    if len(ranges) > _MOST_SHOWN:
        first = partition_set.PartitionSet.from_ranges(ranges[:_MOST_SHOWN])
        return f"{partitions.write_selection(first, definition)} and {len(ordinals) - len(first):,} more"
    text = partitions.write_selection(ordinals, definition)
    return text if len(text) <= 400 else f"{text[:400].rpartition(',')[0]} and more"


def seconds_of(ledger: ledgers.Ledger) -> dict[str, float]:
    """How long one attempt of each step takes, by the past."""
    return dict(ledger.step_seconds())
