"""The verb `gc`: old versions go by a retention rule, and so does what was written but never became a version.

The order is the contract: first the event that says that a version is gone, then the stable names, then the value.
A crash in between
leaves a value that nothing points to, and the next sweep takes it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from weft.model import errors, events, keys, stored
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import cleaning_runs, publishing
from weft.storage import typed

_LEFTOVER_SECONDS = 24 * 3600.0
_TRIES = 5


class RemovedView(views.View, frozen=True, kw_only=True):
    """Versions of an asset that were removed (or would be)."""

    asset: str
    versions: list[str]
    bytes: int


class GcView(views.View, frozen=True, kw_only=True):
    """What was freed (or would be): versions, leftover files, and what could not be removed."""

    removed: list[RemovedView]
    leftovers: list[str]
    bytes: int
    problems: list[str]
    dry_run: bool
    runs: list[str]
    """The runs of pipelines whose values went."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Old:
    row: ledgers.VersionRow
    value: stored.StoredValue


def gc(
    world: worlds.World,
    *,
    keep: int | None = None,
    keep_runs: int | None = None,
    older_than: float | None = None,
    dry_run: bool = False,
    besides: Collection[keys.AssetKey] = (),
) -> GcView:
    """Remove old versions and leftovers.

    Never removed: what is current, what waits as rejected, and what a live run may be reading.

    Args:
        world: the world.
        keep: how many versions of each partition stay; the project's setting unless given.
        keep_runs: how many runs of each pipeline keep their values; the project's setting unless given.
        older_than: only versions and runs older than this go, in seconds.
        dry_run: remove nothing.
        besides: assets whose versions are left alone, since what stores them is not known here.
    """
    count = world.settings.keep_versions if keep is None else keep
    if count < 1:
        raise errors.UsageError(f"--keep is {count}.", remedy="Keep 1 version or more: the current one always stays.")
    removed: list[RemovedView] = []
    problems: list[str] = []
    freed = 0
    for asset in world.ledger.versioned_assets():
        if asset in besides:
            continue
        manager = _manager(world, asset)
        if manager is None:
            problems.append(f"{asset} is no longer defined and what stores it is unknown; its versions stay.")
            continue
        old = _expire(world, asset, count, older_than, dry_run=dry_run)
        if not old:
            continue
        size = sum(each.value.size or 0 for each in old if each.value.uri is not None)
        freed += size
        removed.append(RemovedView(asset=asset, versions=[views.version_name(each.row.id) for each in old], bytes=size))
        if not dry_run:
            if asset in world.graph.assets:
                publishing.publish(world, [asset])
            problems += _remove_values(world, asset, old)
    leftovers, size = _sweep(world, dry_run=dry_run)
    most = world.settings.keep_runs if keep_runs is None else keep_runs
    gone = cleaning_runs.remove(world, keep=most, older_than=older_than, dry_run=dry_run)
    return GcView(
        removed=removed,
        leftovers=leftovers,
        bytes=freed + size + gone.bytes,
        problems=problems,
        dry_run=dry_run,
        runs=list(gone.runs),
    )


def _manager(world: worlds.World, asset: keys.AssetKey) -> object | None:
    if asset in world.graph.assets:
        return world.definitions.io_managers.get(world.graph.assets[asset].io or "default")
    return world.definitions.io_managers.get("default")


def _expire(
    world: worlds.World, asset: keys.AssetKey, keep: int, older_than: float | None, *, dry_run: bool
) -> list[_Old]:
    """Find what the rule removes of an asset and write that it is gone."""
    for _ in range(_TRIES):
        position = world.ledger.position()
        old = _old(world, asset, keep, older_than)
        if dry_run or not old:
            return old
        event = events.VersionsRemoved(
            asset=asset,
            partitions=tuple(each.row.key or None for each in old),
            versions=tuple(each.row.id for each in old),
            reason=f"gc: keep {keep}" + (f", older than {older_than:.0f} s" if older_than is not None else ""),
        )
        with world.ledger.transaction() as transaction:
            if not transaction.changed_since(asset, position):
                transaction.append([event])
                return old
    return []  # it changes all the time: the next gc finds it again


def _old(world: worlds.World, asset: keys.AssetKey, keep: int, older_than: float | None) -> list[_Old]:
    now = int(world.clock.now().timestamp() * 1e6)
    oldest_run = min((row.created for row in world.ledger.runs(live=True)), default=now)
    waiting = world.ledger.rejected_versions(asset)
    seen: dict[str, int] = {}
    replaced_at: dict[str, int] = {}
    rows: list[ledgers.VersionRow] = []
    for row in world.ledger.versions(asset):  # newest first
        place = seen[row.key] = seen.get(row.key, 0) + 1
        newer = replaced_at.get(row.key, row.at)
        replaced_at[row.key] = row.at
        if place <= keep or row.current or row.id in waiting:
            continue
        if older_than is not None and now - row.at < older_than * 1e6:
            continue
        if newer >= oldest_run:
            continue  # a live run may have claimed a step that reads it
        rows.append(row)
    made = world.ledger.materializations(asset, [row.id for row in rows])
    return [_Old(row=row, value=made[row.id][1].value) for row in rows if row.id in made]


def _remove_values(world: worlds.World, asset: keys.AssetKey, gone: Sequence[_Old]) -> list[str]:
    problems = []
    kept = _places(world, [asset]) if any(each.value.io for each in gone) else frozenset()
    for each in gone:
        if each.value.io is not None and (each.value.io, each.value.uri) in kept:
            continue  # an IO manager of the user's own may keep several versions in one place
        manager = world.definitions.io_managers.get(each.value.io or "default")
        if manager is None:
            problems.append(
                f"{asset} {views.version_name(each.row.id)}: there is no IO manager {each.value.io!r} any more."
            )
            continue
        try:
            manager.remove(each.value)
        except (
            Exception
        ) as error:  # whatever a user's own manager raises: the version is gone for the ledger all the same
            problems.append(f"{asset} {views.version_name(each.row.id)}: {error}")
    return problems


def _places(world: worlds.World, assets: Iterable[keys.AssetKey]) -> frozenset[tuple[str | None, str | None]]:
    """Where the values of all versions lie that are there."""
    found: set[tuple[str | None, str | None]] = set()
    for asset in assets:
        ids = [row.id for row in world.ledger.versions(asset)]
        made: Mapping[int, tuple[str, events.Materialization]] = world.ledger.materializations(asset, ids)
        found.update((each.value.io, each.value.uri) for _, each in made.values() if each.value.uri is not None)
    return frozenset(found)


# --- leftovers --------------------------------------------------------------------------------------------------------


def _sweep(world: worlds.World, *, dry_run: bool) -> tuple[list[str], int]:
    """Remove files of attempts that never became versions, once they are a day old."""
    manager = world.definitions.io_managers.get("default")
    if not isinstance(manager, typed.TypedStorage) or (isinstance(manager.root, str) and "://" in manager.root):
        return [], 0
    root = Path(manager.root).absolute()
    if not root.is_dir() or root == world.root:
        return [], 0
    live = tuple(f"{row.id}." for row in world.ledger.runs(live=True))
    before = time.time() - _LEFTOVER_SECONDS
    old: list[Path] = []
    for folder, names, files in _walk(root):
        if folder == root:
            names[:] = [each for each in names if each != cleaning_runs.FOLDER]  # what runs left goes with them
        if not folder.name.startswith("@"):
            continue  # files lie only in folders of partitions; what else is here is none of ours
        for name in [each for each in names if each.endswith(".dir") or each.startswith(".")]:
            names.remove(name)
            old.append(folder / name)
        old += [folder / name for name in files]
    old = [
        path for path in old if not path.name.lstrip(".").startswith(live or ("\0",)) and path.lstat().st_mtime < before
    ]
    if not old:
        return [], 0
    uris = {uri for _, uri in _places(world, world.ledger.versioned_assets())}
    left = [path for path in old if path.relative_to(root).as_posix() not in uris]
    size = 0
    for path in left:
        size += _size(path)
        if not dry_run:
            manager.remove(stored.StoredValue(format="file", data_version="", uri=path.relative_to(root).as_posix()))
    return [path.relative_to(root).as_posix() for path in left], size


def _walk(root: Path) -> Iterable[tuple[Path, list[str], list[str]]]:
    for folder, names, files in os.walk(root):
        yield Path(folder), names, files


def _size(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        return sum(each.lstat().st_size for each in path.rglob("*") if each.is_file())
    return path.lstat().st_size
