"""The verb `versions`, in full: what is known of each version, and what people decided about them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.model import events, keys
from weft.service import views
from weft.service import world as worlds
from weft.service.run import history

_WORDS = {"rollback": "rolled back", "accepted": "accepted", "check_passed": "check passed"}


class FoundView(views.View, frozen=True, kw_only=True):
    """What a check found as a version was made; `serious` where that failed it."""

    check: str
    passed: bool
    serious: bool
    description: str
    metadata: dict[str, object]


class NoteView(views.View, frozen=True, kw_only=True):
    """What a person decided: accepted a partition as it is, or pointed it to a version; why, and who."""

    action: str
    partition: str | None
    version: str | None
    reason: str
    by: str
    at: str


class VersionDetail(views.VersionView, frozen=True, kw_only=True):
    """One version of a partition with its metadata, its checks, and how many versions of each input it was made of."""

    metadata: dict[str, object]
    checks: list[FoundView]
    inputs: dict[str, int]
    notes: list[NoteView]


class VersionsView(views.View, frozen=True, kw_only=True):
    """Versions of an asset, newest first: some of `count`; `details` of those by name, where they are asked for."""

    asset: str
    items: list[views.VersionView]
    count: int
    details: dict[str, VersionDetail]
    notes: list[NoteView]


def listed(
    world: worlds.World, name: str, chosen: str | None, *, limit: int | None = None, with_details: bool = False
) -> VersionsView:
    """The versions of the one asset that `name` selects, of these partitions, with what people decided.

    Raises:
        UsageError: a wrong name or partition.
    """
    key = history.one_asset(world, name)
    found = history.versions(world, key, chosen)
    shown = found[:limit]
    return VersionsView(
        asset=key,
        items=shown,
        count=len(found),
        details=details(world, key, shown) if with_details else {},
        notes=notes(world, key, chosen),
    )


def details(world: worlds.World, asset: keys.AssetKey, shown: Sequence[views.VersionView]) -> dict[str, VersionDetail]:
    """All that is known of versions of an asset, by their names."""
    by_position = {int(each.version[1:]): each for each in shown}
    made = world.ledger.materializations(asset, by_position)
    notes = _notes(world, asset)
    found = {}
    for position, each in by_position.items():
        _, output = made.get(position, ("", None))
        found[each.version] = VersionDetail(
            **msgspec.structs.asdict(each),
            metadata=_metadata(output) if output is not None else {},
            checks=[_found(check) for check in output.checks] if output is not None else [],
            inputs={name: len(read.versions) for name, read in output.inputs.items()} if output is not None else {},
            notes=[note for note in notes if _concerns(note, each)],
        )
    return found


def _concerns(note: NoteView, each: views.VersionView) -> bool:
    if note.partition != each.partition:
        return False
    return note.version == each.version if note.version is not None else each.current


def _metadata(output: events.Materialization) -> dict[str, object]:
    """What the body said of it, after what storage knows."""
    told = {**(output.value.metadata or {}), **output.metadata}
    return {name: msgspec.json.decode(raw) for name, raw in told.items()}


def _found(check: events.CheckResult) -> FoundView:
    return FoundView(
        check=check.name,
        passed=check.passed,
        serious=not check.passed and (check.blocking or check.severity == "error"),
        description=check.description,
        metadata={name: msgspec.json.decode(raw) for name, raw in check.metadata.items()},
    )


def notes(world: worlds.World, asset: keys.AssetKey, chosen: str | None) -> list[NoteView]:
    """What people decided about an asset's partitions (these ones), newest first.

    Raises:
        UsageError: a wrong partition.
    """
    named = history.partition_keys(world, asset, chosen)
    wanted = None if named is None else set(named)
    return [note for note in _notes(world, asset) if wanted is None or (note.partition or "") in wanted]


def _notes(world: worlds.World, asset: keys.AssetKey) -> list[NoteView]:
    return [_note(at, event) for at, event in world.ledger.decisions(asset)]


def _note(at: int, event: events.Accepted | events.VersionPointed) -> NoteView:
    when = views.time_of_us(at) or ""
    match event:
        case events.Accepted():
            return NoteView(
                action="accepted", partition=event.partition, version=None, reason=event.reason, by=event.by, at=when
            )
        case events.VersionPointed():
            return NoteView(
                action=_WORDS[event.reason],
                partition=event.partition,
                version=views.version_name(event.to),
                reason=event.note,
                by=event.by,
                at=when,
            )
