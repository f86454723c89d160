"""The verb `partitions`: the partitions of an asset with their status, and the keys of dynamic ones."""

from __future__ import annotations

from collections.abc import Sequence

from weft.model import errors, events, keys, partition_set, partitions, plan, spelling
from weft.model.partitions import keyed
from weft.service import views
from weft.service import world as worlds
from weft.service.plan import planning


class PartitionView(views.View, frozen=True, kw_only=True):
    """One partition and the one word for it."""

    key: str
    status: str


class PartitionsView(views.View, frozen=True, kw_only=True):
    """The partitions of an asset, in order."""

    asset: str
    definition: str
    counts: dict[str, int]
    partitions: list[PartitionView]
    orphaned: list[str]


class PartitionsPage(PartitionsView, frozen=True, kw_only=True):
    """Some of the partitions of an asset; the counts are of all that are chosen, `next` is None on the last page."""

    next: str | None


class KeysView(views.View, frozen=True, kw_only=True):
    """Keys of dynamic partitions after a change: those that were changed, and all there are."""

    name: str
    changed: list[str]
    keys: list[str]


def partitions_of(world: worlds.World, asset: keys.AssetKey, chosen: str | None = None) -> PartitionsView:
    """The partitions of an asset, or the intervals of a pipeline that should have run; those that are chosen.

    Raises:
        UsageError: it has none, or a key is wrong.
    """
    return page_of(world, asset, chosen)[0]


def page_of(
    world: worlds.World, asset: keys.AssetKey, chosen: str | None, *, after: int = -1, limit: int | None = None
) -> tuple[PartitionsView, int | None]:
    """As `partitions_of`, but at most `limit` of them, after an ordinal; and the ordinal that the next page is after.

    Raises:
        UsageError: as `partitions_of`.
    """
    now = world.clock.now()
    definition = world.planned.assets[asset].partitions
    if definition is None:
        raise errors.UsageError(f"{asset} has no partitions.", remedy=f"`weft status {asset}` shows where it stands.")
    status = planning.statuses(world, [asset], now=now)[asset]
    wanted = partitions.parse_selection(chosen, definition, now) if chosen is not None else definition.universe(now)
    words: dict[int, plan.Status] = {}
    counts: dict[str, int] = {}
    for word, ordinals in status.by_status.items():
        inside: partition_set.PartitionSet = ordinals & wanted
        if inside:
            counts[word] = len(inside)
            if after >= 0:
                inside -= partition_set.PartitionSet.range(0, after + 1)
            shown = inside if limit is None else inside.take(limit + 1)
            words.update(dict.fromkeys(shown, word))
    ordered = sorted(words)
    following = ordered[limit - 1] if limit is not None and len(ordered) > limit else None
    ordered = ordered[:limit]
    view = PartitionsView(
        asset=asset,
        definition=definition.describe(),
        counts=counts,
        partitions=[
            PartitionView(key=key, status=words[ordinal])
            for key, ordinal in zip(definition.keys(ordered), ordered, strict=True)
        ],
        orphaned=list(status.orphaned),
    )
    return view, following


def add(world: worlds.World, name: str, added: Sequence[str]) -> KeysView:
    """Add keys to dynamic partitions; those that are there already stay as they are.

    Raises:
        UsageError: no asset has dynamic partitions of this name, or a key is no key.
    """
    check_name(world, name)
    checked = keyed.checked_keys(added, kind="DynamicPartitions", name="keys")
    with world.ledger.transaction() as transaction:
        present = _present(world, name)
        new = tuple(key for key in checked if key not in present)
        if new:
            transaction.append([events.PartitionsAdded(name=name, keys=new)])
    world.resolve_partitions()
    return KeysView(name=name, changed=list(new), keys=_present(world, name))


def remove(world: worlds.World, name: str, removed: Sequence[str]) -> KeysView:
    """Remove keys of dynamic partitions; what they hold is orphaned, not deleted.

    Raises:
        UsageError: there is no such name or key; nothing is removed then.
    """
    check_name(world, name)
    with world.ledger.transaction() as transaction:
        present = _present(world, name)
        unknown = [key for key in removed if key not in present]
        if unknown:
            near = spelling.did_you_mean(unknown[0], present)
            raise errors.UsageError(
                f"The partitions {name!r} have no key {unknown[0]!r}. Nothing was removed.",
                remedy=near or (f"Keys: {', '.join(present[:10])}." if present else "There are no keys."),
            )
        gone = tuple(dict.fromkeys(removed))
        if gone:
            transaction.append([events.PartitionsRemoved(name=name, keys=gone)])
    world.resolve_partitions()
    return KeysView(name=name, changed=list(gone), keys=_present(world, name))


def _present(world: worlds.World, name: str) -> list[str]:
    known, gone = world.ledger.dynamic_keys().get(name, ([], []))
    left = set(known) - set(gone)
    return [key for key in known if key in left]


def check_name(world: worlds.World, name: str) -> None:
    """UsageError unless some asset has dynamic partitions of this name."""
    names = {
        each
        for asset in world.definitions.graph.assets.values()
        if asset.partitions is not None
        for each in asset.partitions.dynamic_names()
    }
    if name not in names:
        raise errors.UsageError(
            f"No asset has dynamic partitions named {name!r}.",
            remedy=spelling.did_you_mean(name, names)
            or (f"There are: {', '.join(sorted(names))}." if names else 'Define some: DynamicPartitions("name").'),
        )
