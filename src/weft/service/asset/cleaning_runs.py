"""`gc` of what the tasks of old runs left behind: of each pipeline the latest runs keep their values, older ones don't.

What a run that stays refers to stays too: a result from the cache, what a rerun keeps of the run before, an artifact
that is the latest of its key, a version of an asset that is a task's result at the same time.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from weft.model import events, stored
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.storage import paths, typed

FOLDER = "runs"
"""Where the storage keeps what runs left behind: `runs/<run>/<task>`."""
_LEFTOVER_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The runs whose values went (or would go), and how many bytes that frees."""

    runs: tuple[str, ...]
    bytes: int


def remove(world: worlds.World, *, keep: int, older_than: float | None, dry_run: bool) -> Removed:
    """Remove the values of old runs of pipelines; never those of a run that has not finished.

    Args:
        world: the world.
        keep: how many runs of each pipeline keep their values.
        older_than: only of runs that ended longer ago than this, in seconds.
        dry_run: remove nothing.
    """
    folder = _folder(world)
    if folder is None or not folder.is_dir():
        return Removed(runs=(), bytes=0)
    rows = {row.id: row for row in world.ledger.runs()}
    staying = _staying(world, rows.values(), keep, older_than)
    candidates = [each for each in sorted(folder.iterdir()) if each.is_dir() and each.name not in staying]
    candidates = [each for each in candidates if each.name in rows or _is_old(each)]
    if not candidates:
        return Removed(runs=(), bytes=0)
    referred = _referred(world, staying)
    gone: list[tuple[str, list[Path]]] = []
    for each in candidates:
        files = [path for path in each.rglob("*") if path.is_file() and not _is_kept(path, folder, referred)]
        if files:
            gone.append((each.name, files))
    size = sum(path.lstat().st_size for _, files in gone for path in files)
    names = tuple(name for name, _ in gone)
    if not dry_run and gone:
        known = tuple(name for name in names if name in rows)
        if known:  # first the event, then the values: a crash in between leaves files that the next gc takes
            world.ledger.append([events.RunValuesRemoved(runs=known, reason=f"gc: keep {keep} runs")])
        for name, files in gone:
            for path in files:
                path.unlink(missing_ok=True)
            _prune(folder / name)
    return Removed(runs=names, bytes=size)


def _folder(world: worlds.World) -> Path | None:
    manager = world.definitions.io_managers.get("default")
    if not isinstance(manager, typed.TypedStorage) or (isinstance(manager.root, str) and "://" in manager.root):
        return None
    return Path(manager.root).absolute() / paths.escape(FOLDER)


def _staying(
    world: worlds.World, rows: Iterable[ledgers.RunRow], keep: int, older_than: float | None
) -> dict[str, None]:
    """The runs whose values stay: unfinished ones, the latest of each pipeline, young ones, and what these need."""
    now = clocks.microseconds(world.clock.now())
    by_id: dict[str, ledgers.RunRow] = {}
    seen: dict[str, int] = {}
    found: dict[str, None] = {}
    for row in rows:  # newest first
        by_id[row.id] = row
        name = row.pipeline or ""
        place = seen[name] = seen.get(name, 0) + 1
        young = older_than is not None and now - (row.finished or row.created) < older_than * 1e6
        if row.phase != "finished" or place <= keep or young:
            found[row.id] = None
    for run in world.ledger.cached_runs(now=now):
        found[run] = None
    return found


def _referred(world: worlds.World, staying: Iterable[str]) -> frozenset[str]:
    """The places of values that runs which stay, artifacts and versions of assets refer to."""
    found: set[str] = set()
    for run in staying:
        for _, _, event in world.ledger.events(run):
            found.update(each.uri for each in _values(event) if each.uri is not None)
    for row in world.ledger.artifacts(latest=True):
        made = world.ledger.artifact(row.id)
        if made is not None and made.value.uri is not None:
            found.add(made.value.uri)
    for asset in world.ledger.versioned_assets():
        ids = [row.id for row in world.ledger.versions(asset)]
        found.update(
            each.value.uri
            for _, each in world.ledger.materializations(asset, ids).values()
            if each.value.uri is not None and each.value.uri.startswith(f"{FOLDER}/")
        )
    return frozenset(found)


def _values(event: events.Event) -> Iterator[stored.StoredValue]:
    match event:
        case events.StepSucceeded(task=task) | events.StepReused(task=task) if task is not None:
            if task.value is not None:
                yield task.value
            yield from task.named.values()
        case events.ArtifactMade():
            yield event.value
        case events.RunFinished(result=result) if result is not None:
            yield result
        case _:
            return


def _is_kept(path: Path, folder: Path, referred: frozenset[str]) -> bool:
    place = f"{FOLDER}/{path.relative_to(folder).as_posix()}"
    return place in referred or any(place.startswith(f"{each}/") for each in referred if each.endswith(".dir"))


def _is_old(path: Path) -> bool:
    return path.lstat().st_mtime < time.time() - _LEFTOVER_SECONDS


def _prune(folder: Path) -> None:
    """Take away the folders that have no file any more."""
    for each in sorted(folder.rglob("*"), reverse=True):
        if each.is_dir() and not any(each.iterdir()):
            each.rmdir()
    if folder.is_dir() and not any(path.is_file() for path in folder.rglob("*")):
        shutil.rmtree(folder)
