"""The verbs `rollback` and `accept`: what a person decides, bound to exactly the causes that stand now.

Both write down a signature: the identity of what speaks against a partition *after* the change. The planner leaves
a partition alone
as long as its signature is that one, so the next apply undoes nothing, and any later change makes it stale again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from weft.ledger import codec
from weft.model import columns as columns_model
from weft.model import errors, events, keys, partition_set
from weft.planner import evaluation
from weft.planner import planning as planner
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import observing, publishing
from weft.service.plan import planning
from weft.service.run import history

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()
_TRIES = 20


class Correction(views.View, frozen=True, kw_only=True):
    """What became of one partition.

    `action` is "rolled_back", "published" (a rejected version was accepted) or "accepted".
    """

    asset: str
    partition: str | None
    action: str
    version: str | None
    previous: str | None = None


class _MovedError(Exception):
    """Something that a correction was worked out from changed before it could be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """A correction as worked out: its events, what they mean, and up to where in the log it holds."""

    batch: list[events.Event]
    corrections: list[Correction]
    position: int
    relies_on: Sequence[keys.AssetKey]
    writes: Mapping[keys.AssetKey, PartitionSet]


def rollback(
    world: worlds.World, asset: keys.AssetKey, chosen: str | None, to: str, *, note: str = ""
) -> list[Correction]:
    """Point partitions of an asset to an earlier version; what is downstream becomes stale.

    Args:
        world: the world.
        asset: the asset.
        chosen: the text of `--partitions`.
        to: a version (`v123`), or "previous": for each partition the newest one before the current.
        note: why, for the log.

    Raises:
        UsageError: there is no such version, or it cannot be pointed to.
        ReservationError: a live run is making one of the partitions.
    """
    return _write(world, lambda: worked_rollback(world, asset, chosen, to, note))


def worked_rollback(world: worlds.World, asset: keys.AssetKey, chosen: str | None, to: str, note: str) -> Worked:
    """A rollback as worked out, not written yet.

    Raises:
        UsageError: there is no such version, or it cannot be pointed to.
    """
    if world.graph.assets[asset].step is None:
        raise errors.UsageError(
            f"{asset} comes from outside; weft has no versions of it to point to.",
            remedy=f"Roll back what is made from it: `weft ls {asset}+` shows that.",
        )
    targets = _targets(world, asset, chosen, to)
    made = world.ledger.materializations(asset, [row.id for row in targets])
    observed = changeable(observing.observe(world, [asset]), [asset])
    columns = observed.columns[asset]
    definition = world.graph.assets[asset].partitions
    moved: dict[int, ledgers.VersionRow] = {}
    before: dict[int, int] = {}
    for row in targets:
        ordinal = 0 if definition is None else definition.find(row.key)
        if ordinal is None:
            raise errors.UsageError(
                f"The partition {row.key!r} is no longer one of {asset}.",
                remedy=f"Only partitions that are defined can be rolled back: `weft partitions {asset}` shows them.",
            )
        before[ordinal] = columns.versions[ordinal] if ordinal < columns.size else 0
        moved[ordinal] = row
        _point(columns, ordinal, row.id, made[row.id][1])
    ordinals = PartitionSet.of(sorted(moved))
    found = evaluation.evaluate(world.graph, observed, world.clock.now(), {asset: ordinals})
    batch: list[events.Event] = []
    corrections = []
    for ordinal, row in moved.items():
        value = made[row.id][1]
        batch.append(
            events.VersionPointed(
                asset=asset,
                to=row.id,
                data_version=value.value.data_version,
                code=value.code,
                inputs=value.inputs,
                partition=row.key or None,
                reason="rollback",
                signature=found.signature(asset, ordinal),
                by=world.user,
                note=note,
            )
        )
        corrections.append(
            Correction(
                asset=asset,
                partition=row.key or None,
                action="rolled_back",
                version=views.version_name(row.id),
                previous=views.version_name(before[ordinal]) if before[ordinal] else None,
            )
        )
    return Worked(
        batch=batch,
        corrections=corrections,
        position=observed.position,
        relies_on=list(observed.columns),
        writes={asset: ordinals},
    )


def changeable(observed: columns_model.Observed, assets: Iterable[keys.AssetKey]) -> columns_model.Observed:
    """The same with columns of these assets that may be changed: a server keeps those that it reads for all."""
    own = {asset: observed.columns[asset].copy() for asset in assets}
    return replace(observed, columns={**observed.columns, **own})


def point_as(world: worlds.World, observed: columns_model.Observed, worked: Worked) -> None:
    """Move the pointers of a rollback in columns that may be changed, so that what follows from it is seen."""
    for asset in worked.writes:
        moved = [each for each in worked.batch if isinstance(each, events.VersionPointed) and each.asset == asset]
        made = world.ledger.materializations(asset, [each.to for each in moved])
        definition = world.graph.assets[asset].partitions
        columns = observed.columns[asset]
        for each in moved:
            key = each.partition
            ordinal = definition.ordinal(key) if definition is not None and key is not None else 0
            _point(columns, ordinal, each.to, made[each.to][1])
            columns.accepted[ordinal] = each.signature


def _targets(world: worlds.World, asset: keys.AssetKey, chosen: str | None, to: str) -> list[ledgers.VersionRow]:
    definition = world.graph.assets[asset].partitions
    named = history.partition_keys(world, asset, chosen) if chosen is not None else None
    if definition is None:
        named = [""]
    if to != "previous":
        return [_named_version(world, asset, named, to)]
    if named is None:
        raise errors.UsageError(
            f"{asset} has partitions, and 'previous' doesn't say of which.", remedy="Add --partitions (* for all)."
        )
    rows = world.ledger.versions(asset, named)
    current = {row.key: row.id for row in rows if row.current}
    found: dict[str, ledgers.VersionRow] = {}
    for row in rows:  # newest first
        if row.key in current and row.id < current[row.key] and not row.state:
            found.setdefault(row.key, row)
    lacking = [key or asset for key in named if key not in found]
    if lacking:
        raise errors.UsageError(
            f"There is no version before the current one of {', '.join(lacking[:5])}"
            + (f" and {len(lacking) - 5} more." if len(lacking) > 5 else "."),
            remedy=f"`weft versions {asset}` shows what there is. Nothing was moved.",
        )
    return [found[key] for key in named]


def _named_version(
    world: worlds.World, asset: keys.AssetKey, named: Sequence[str] | None, to: str
) -> ledgers.VersionRow:
    digits = to.removeprefix("v")
    if not digits.isdecimal():
        raise errors.UsageError(
            f"{to!r} is no version.", remedy=f"Versions look like v123 (`weft versions {asset}`); or write 'previous'."
        )
    number = int(digits)
    if named is not None and len(named) > 1:
        raise errors.UsageError(
            f"The version {to} belongs to one partition, but {len(named)} are selected.",
            remedy="Select the one, or roll all of them back to 'previous'.",
        )
    row = next((row for row in world.ledger.versions(asset) if row.id == number), None)
    if row is None:
        known = world.ledger.materializations(asset, [number])
        raise errors.UsageError(
            f"The version {to} of {asset} was removed by `weft gc`." if known else f"{asset} has no version {to}.",
            remedy=f"`weft versions {asset}` shows what there is.",
        )
    if named is not None and row.key != named[0]:
        raise errors.UsageError(
            f"The version {to} is of the partition {row.key!r}, not of {named[0]!r}.",
            remedy=f"`weft versions {asset} --partition '{named[0]}'` shows those of this one.",
        )
    if row.state == "rejected":
        raise errors.UsageError(
            f"The version {to} of {asset} was rejected by a blocking check.",
            remedy="`weft accept` makes a rejected version current, with a reason.",
        )
    if row.current:
        raise errors.UsageError(
            f"The version {to} is the current one already: nothing of {asset} was moved.",
            remedy=f"`weft versions {asset}` shows the others.",
        )
    return row


def _point(columns: columns_model.Columns, ordinal: int, version: int, made: events.Materialization) -> None:
    """Move the pointer in columns that were read, so that what follows is seen as it will be."""
    columns.grow(ordinal + 1)
    columns.put(
        ordinal,
        columns_model.PartitionRow(
            key="",
            version=version,
            token=codec.token(made.value.data_version),
            code=made.code,
            inputs={asset: record.digest for asset, record in made.inputs.items()},
            made_at=columns.made_at[ordinal],
            made_by=columns.run_of(ordinal),
        ),
    )


# --- accept -----------------------------------------------------------------------------------------------------------


def accept(
    world: worlds.World, selection: str, chosen: str | None, *, reason: str, by: str | None = None
) -> list[Correction]:
    """Accept what is stale, failed or rejected in a selection as fine as it is; empty where nothing is.

    Args:
        world: the world.
        selection: the selection.
        chosen: the text of `--partitions`; all partitions for None.
        reason: why, for the log.
        by: who accepts; the login unless given.

    Raises:
        UsageError: what is to be accepted has no data, or no reason is given.
        ReservationError: a live run is making one of the partitions.
    """
    if not reason.strip():
        raise errors.UsageError("An acceptance needs a reason.", remedy="Say why it is fine: --reason TEXT.")
    return _write(world, lambda: _worked_accept(world, selection, chosen, reason, by or world.user))


def _worked_accept(world: worlds.World, selection: str, chosen: str | None, reason: str, by: str) -> Worked:
    graph, now = world.planned, world.clock.now()  # intervals of pipelines too
    request = planning.request_of(world, planning.Ask(selection=selection, partitions=chosen), pipelines=True)
    observed = observing.observe(world, request.assets)
    wanted = planner.wanted_partitions(graph, now, request, observed)
    observed = changeable(observed, wanted)
    _refuse_missing(world, observed, wanted, explicit=chosen is not None)
    batch: list[events.Event] = []
    corrections: list[Correction] = []
    writes: dict[keys.AssetKey, PartitionSet] = {}
    # what was accepted above is seen as such below: only what still speaks against a partition is accepted with it
    found = evaluation.evaluate(graph, observed, now, wanted)
    for asset in sorted(wanted, key=lambda each: graph.rank[graph.assets[each].step or ""]):
        standing = found.standings.get(graph.assets[asset].step or "")
        if standing is None:  # a pipeline of which nothing is due
            continue
        own = standing.own[asset]
        columns = observed.columns[asset]
        rejected = PartitionSet.of(sorted(columns.rejected)) & wanted[asset]
        against = (
            ((standing.due | standing.undecided | own.failed) & wanted[asset]) - own.missing - rejected - own.accepted
        )
        if not rejected and not against:
            continue
        writes[asset] = rejected | against
        published = world.ledger.materializations(asset, [columns.rejected[each].version for each in rejected])
        versions = {each: columns.rejected[each].version for each in rejected}
        for ordinal, version in versions.items():
            _point(columns, ordinal, version, published[version][1])
        _clear_failures(columns, against)
        found = evaluation.evaluate(graph, observed, now, wanted)
        for ordinal in writes[asset]:
            signature = found.signature(asset, ordinal)
            columns.accepted[ordinal] = signature
            definition = graph.assets[asset].partitions
            partition = definition.key(ordinal) if definition is not None else None
            accepted_version = versions.get(ordinal)
            if accepted_version is not None:
                made = published[accepted_version][1]
                batch.append(
                    events.VersionPointed(
                        asset=asset, to=accepted_version, data_version=made.value.data_version, code=made.code,
                        inputs=made.inputs, partition=partition, reason="accepted", signature=signature, by=by,
                        note=reason,
                    )
                )  # fmt: skip
            else:
                batch.append(
                    events.Accepted(asset=asset, signature=signature, reason=reason, by=by, partition=partition)
                )
            corrections.append(
                Correction(
                    asset=asset,
                    partition=partition,
                    action="accepted" if accepted_version is None else "published",
                    version=views.version_name(columns.versions[ordinal]),
                )
            )
        found = evaluation.evaluate(graph, observed, now, wanted)
    return Worked(
        batch=batch,
        corrections=corrections,
        position=observed.position,
        relies_on=list(observed.columns),
        writes=writes,
    )


def _refuse_missing(
    world: worlds.World,
    observed: columns_model.Observed,
    wanted: Mapping[keys.AssetKey, PartitionSet],
    *,
    explicit: bool,
) -> None:
    """What has no data cannot be fine: an error where it was named, or where nothing else is selected."""
    lacking: list[str] = []
    present = False
    for asset, ordinals in wanted.items():
        columns = observed.columns[asset]
        has = columns.materialized() if columns.size else EMPTY
        has |= PartitionSet.of(sorted(columns.rejected))
        present = present or not ordinals.isdisjoint(has)
        definition = world.planned.assets[asset].partitions
        missing = ordinals - has
        if missing:
            lacking.append(
                asset
                if definition is None
                else f"{asset}[{definition.key(missing.first)}]"
                + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
            )
    if lacking and (explicit or not present):
        raise errors.UsageError(
            f"What has no data cannot be accepted: {', '.join(lacking[:5])}.",
            remedy="Make it first, with `weft apply`. Nothing was accepted.",
        )


def _clear_failures(columns: columns_model.Columns, ordinals: PartitionSet) -> None:
    for ordinal in [each for each in columns.failed if each in ordinals]:
        del columns.failed[ordinal]


# --- writing ----------------------------------------------------------------------------------------------------------


def _write(world: worlds.World, work: Callable[[], Worked]) -> list[Correction]:
    """Work a correction out and write it, again if something moved in between."""
    for _ in range(_TRIES):
        worked = work()
        if not worked.batch:
            return []
        try:
            _commit(world, worked)
        except _MovedError:
            continue
        publishing.publish(world, {each.asset for each in worked.corrections if each.action != "accepted"})
        return worked.corrections
    raise errors.LedgerError(
        "The ledger kept changing while this was worked out; nothing was written.",
        remedy="Wait for the runs (`weft runs`) and try again.",
    )


def _commit(world: worlds.World, worked: Worked) -> None:
    graph = world.planned
    with world.ledger.transaction() as transaction:
        if transaction.position() != worked.position and any(
            transaction.changed_since(asset, worked.position) for asset in worked.relies_on
        ):
            raise _MovedError
        for asset, ordinals in worked.writes.items():
            definition = graph.assets[asset].partitions
            mark = definition.fingerprint if definition is not None else ""
            for holder, theirs, held in transaction.reservations(asset):
                if theirs != mark or not held.isdisjoint(ordinals):
                    raise errors.ReservationError(
                        f"Run {holder[:8]} is making partitions of {asset} that this would change.",
                        remedy=f"Nothing was changed. Wait for its end: `weft runs {holder[:8]}` shows how far it is.",
                    )
        transaction.append(worked.batch)
