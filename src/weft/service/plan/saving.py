"""Plans that are saved, to a file or in the ledger: written, read, and held against what planning now gives.

A saved plan is refused whenever that gives other steps, partitions or input versions. Time does not count: the
request is planned as
of the moment at which the plan was made.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from weft.model import columns as columns_model
from weft.model import errors, partition_set, partitions, plan
from weft.model import graph as graphs
from weft.service import documents, views
from weft.service import world as worlds
from weft.service.asset import observing
from weft.service.plan import planning

FORMAT = "weft-plan-1"


class Reliance(msgspec.Struct, frozen=True, kw_only=True):
    """What a step of a plan relies on: digests of what it reads and of what it replaces, by asset."""

    inputs: dict[str, int]
    outputs: dict[str, int]
    how: str = ""
    """A digest over its policies and the mappings by which it reads; empty where that was not written down."""


class Stood(msgspec.Struct, frozen=True, kw_only=True):
    """How an asset stood in what the lines of a plan read or replace: data and version of each partition, in order."""

    fingerprint: str
    ordinals: list[list[int]]
    tokens: bytes
    versions: bytes


class SavedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan in a file. `view` is for readers; `document` is what counts, the rest says what moved."""

    document: documents.PlanDocument
    stood: dict[str, Stood] = {}
    relies: dict[str, Reliance]
    manifests: dict[str, dict[str, str]]
    view: views.PlanView
    format: str = FORMAT


def saved(world: worlds.World, made: plan.Plan) -> SavedPlan:
    """A plan with all that it relies on, to be kept."""
    codes = {line.code for line in made.steps}
    seen = observing.observe(world, made.request.assets)
    return SavedPlan(
        document=documents.document_of(made),
        # where something was written since it was planned, the ledger says later what changed after the plan
        stood=_stood(world, made, seen) if seen.position == made.position else {},
        relies=_relies(world, made, seen),
        manifests={
            code: dict(world.definitions.manifests[code].entries)
            for code in codes
            if code in world.definitions.manifests
        },
        view=views.plan_view(world.planned, made),
    )


def save(world: worlds.World, made: plan.Plan, path: Path) -> None:
    """Write a plan to a file, in one move.

    Raises:
        UsageError: the file cannot be written.
    """
    kept = saved(world, made)
    aside = path.with_name(f".{path.name}.tmp")
    try:
        aside.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1))
        aside.replace(path)
    except OSError as error:
        raise errors.UsageError(
            f"The plan cannot be written to {path}: {error.strerror or error}.",
            remedy="Name a file in a folder that is there.",
        ) from error


def load(path: Path) -> SavedPlan:
    """Read a plan from a file.

    Raises:
        UsageError: it cannot be read, or is no plan.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise errors.UsageError(
            f"The plan {path} cannot be read: {error.strerror or error}.",
            remedy="Save one with `weft plan -o PLAN.json`.",
        ) from error
    try:
        saved = msgspec.json.decode(body, type=SavedPlan)
    except msgspec.DecodeError as error:
        raise errors.UsageError(
            f"{path} is no saved plan: {error}.",
            remedy="Save one with `weft plan -o PLAN.json`; what `--json` prints is for reading only.",
        ) from error
    if saved.format != FORMAT:
        raise errors.UsageError(
            f"{path} is a plan in the format {saved.format!r}; this weft reads {FORMAT!r}.",
            remedy=f"Plan again: `weft plan -o {path}`.",
        )
    return saved


def ask_of(saved: SavedPlan) -> planning.Ask:
    """The request of a saved plan."""
    document = saved.document
    return planning.Ask(
        selection=document.selection,
        partitions=document.partitions,
        exact=document.exact,
        only_failed=document.only_failed,
        keep_going=document.keep_going,
        rebuild_undecided=document.rebuild_undecided,
    )


def replan(world: worlds.World, saved: SavedPlan) -> plan.Plan:
    """Plan the request of a saved plan again, and return that plan: it is the saved one.

    Raises:
        DriftError: it is not; the message says what moved.
    """
    try:
        made = planning.make_plan(world, ask_of(saved), now=saved.document.now)
    except errors.UsageError as error:
        raise errors.DriftError(
            f"The plan no longer holds: its request cannot be planned any more. {error.message}",
            remedy="Plan again: `weft plan`.",
        ) from error
    moved = differences(world, saved, made)
    if moved:
        raise errors.DriftError(
            "\n  ".join(["The plan no longer holds; nothing ran.", *moved]),
            remedy="Plan again: `weft plan`; or apply what of it still holds: --what-holds.",
        )
    return made


def differences(world: worlds.World, saved: SavedPlan, made: plan.Plan) -> list[str]:
    """What moved since a plan was saved, in words; empty exactly when the plan still holds."""
    document = saved.document
    before = {line.step: line for line in document.lines}
    after = {line.step: line for line in made.steps}
    today = documents.document_of(made)
    if _lines(document.lines) == _lines(today.lines) and document.preconditions == today.preconditions:
        return []
    observed = observing.observe(world, [asset for asset in document.assets if asset in world.planned.assets])
    relies = _relies(world, made, observed)
    moved: list[str] = []
    for step in [*before, *(step for step in after if step not in before)]:
        told = [
            *_code(world, saved, step, before, after),
            *_partitions(world, document, made, observed, step),
        ]
        if _ordinals(document.lines, step) == _ordinals(made.steps, step):
            told += _inputs(world, document, observed, step, saved.relies.get(step), relies.get(step))
        moved += told
    return list(dict.fromkeys(moved)) or [
        "What the plan relies on has changed (policies, or how partitions are mapped)."
    ]


def _lines(lines: Iterable[documents.PlanLine]) -> list[bytes]:
    return sorted(msgspec.json.encode(line) for line in lines)


def _ordinals(lines: Iterable[documents.PlanLine | plan.PlanStep], step: str) -> partition_set.PartitionSet:
    found = partition_set.PartitionSet.empty()
    for line in lines:
        if line.step == step:
            ordinals = line.ordinals
            found |= (
                ordinals
                if isinstance(ordinals, partition_set.PartitionSet)
                else partition_set.PartitionSet.decode(ordinals)
            )
    return found


def _code(
    world: worlds.World,
    saved: SavedPlan,
    step: str,
    before: Mapping[str, documents.PlanLine],
    after: Mapping[str, plan.PlanStep],
) -> list[str]:
    if step not in world.planned.steps:
        return [f"{step} is not defined any more."]
    if step not in before:
        return []
    if before[step].code == world.planned.steps[step].code:
        return []
    names = changed_names(world, saved, step)
    return [f"The code of {step} changed" + (f": {', '.join(names[:4])}." if names else ".")]


def changed_names(world: worlds.World, saved: SavedPlan, step: str) -> list[str]:
    """What of the code of a step is another since a plan was saved, by qualified names, as far as that is known."""
    old = next((line.code for line in saved.document.lines if line.step == step), "")
    known, manifest = saved.manifests.get(old), world.definitions.manifests.get(world.planned.steps[step].code)
    if known is None or manifest is None:
        return []
    return sorted(name for name in {*known, *manifest.entries} if known.get(name) != manifest.entries.get(name))


def _partitions(
    world: worlds.World, document: documents.PlanDocument, made: plan.Plan, observed: columns_model.Observed, step: str
) -> list[str]:
    definition = world.planned.steps[step].partitions if step in world.planned.steps else None
    marks = {line.fingerprint for line in document.lines if line.step == step}
    if step not in world.planned.steps:
        return []
    if marks and marks != {definition.fingerprint if definition is not None else ""}:
        return [f"The partitions of {step} are defined in another way."]
    planned, now = _ordinals(document.lines, step), _ordinals(made.steps, step)
    told = []
    gone, new = planned - now, now - planned
    if gone:
        asset = world.planned.steps[step].outputs[0]
        columns = observed.columns.get(asset)
        made_since = [
            each
            for each in gone
            if columns is not None and each < columns.size and columns.versions[each] > document.position
        ]
        run = columns.run_of(made_since[-1]) if columns is not None and made_since else ""
        why = f": made by run {run} since" if run else " any more"
        told.append(f"{_names(definition, step, gone)}: nothing to do{why}.")
    if new:
        told.append(f"{_names(definition, step, new)} would run too.")
    if not gone and not new:
        old_ways = {(line.run_if, tuple(map(tuple, line.ordinals))) for line in document.lines if line.step == step}
        ways = {(line.run_if, tuple(map(tuple, line.ordinals.encode()))) for line in made.steps if line.step == step}
        if old_ways != ways:
            told.append(f"{step} would run for other reasons.")
    return told


def _inputs(
    world: worlds.World,
    document: documents.PlanDocument,
    observed: columns_model.Observed,
    step: str,
    before: Reliance | None,
    after: Reliance | None,
) -> list[str]:
    if before is None or after is None:
        return []
    told = []
    for kind, old, new in (("input", before.inputs, after.inputs), ("output", before.outputs, after.outputs)):
        for asset in {**old, **new}:
            if old.get(asset) == new.get(asset):
                continue
            columns = observed.columns.get(asset)
            definition = world.planned.assets[asset].partitions if asset in world.planned.assets else None
            changed = partition_set.PartitionSet.empty()
            run = ""
            if columns is not None:
                found = [each for each, version in enumerate(columns.versions) if version > document.position]
                changed = partition_set.PartitionSet.of(found)
                run = columns.run_of(found[-1]) if found else ""
            by = f" by run {run}" if run else ""
            what = "which it reads" if kind == "input" else "which it makes"
            told.append(f"{step}: {_names(definition, asset, changed)}, {what}, changed{by}.")
    return told


def _names(definition: partitions.Partitions | None, asset: str, ordinals: partition_set.PartitionSet) -> str:
    if definition is None or not ordinals:
        return asset
    if len(ordinals) == 1:
        return f"{asset}[{definition.key(ordinals.first)}]"
    return f"{asset}[{definition.key(ordinals.first)} … {definition.key(ordinals.last)}] ({len(ordinals):,} partitions)"


def _relies(world: worlds.World, made: plan.Plan, seen: columns_model.Observed) -> dict[str, Reliance]:
    found: dict[str, Reliance] = {}
    for step_key in dict.fromkeys(line.step for line in made.steps):
        step = world.planned.steps[step_key]
        due = _ordinals(made.steps, step_key)
        inputs: dict[str, int] = {}
        for dependency in step.dependencies:
            above = world.planned.assets[dependency.asset].partitions
            read = dependency.mapping.upstream(due, step.partitions, above, made.now)
            inputs[dependency.asset] = columns_model.digest_of(seen.columns.get(dependency.asset), read)
        outputs = {
            asset: columns_model.digest_of_versions(seen.columns[asset], due)
            for asset in step.outputs
            if asset in seen.columns
        }
        found[step_key] = Reliance(inputs=inputs, outputs=outputs, how=how_of(step))
    return found


def how_of(step: graphs.Step) -> str:
    """A digest over a step's policies and the mappings by which it reads."""
    reads = [(each.slot, each.mapping.snapshot()) for each in step.dependencies]
    told = f"{step.policies!r}\x1f{msgspec.json.encode(reads).decode()}"
    return hashlib.blake2b(told.encode(), digest_size=12).hexdigest()


def _stood(world: worlds.World, made: plan.Plan, seen: columns_model.Observed) -> dict[str, Stood]:
    """How the assets stand that a plan's lines read or replace."""
    needed: dict[str, partition_set.PartitionSet] = {}
    assets, empty = world.planned.assets, partition_set.PartitionSet.empty()
    for step_key in dict.fromkeys(line.step for line in made.steps):
        step, due = world.planned.steps[step_key], _ordinals(made.steps, step_key)
        for asset in step.outputs:
            needed[asset] = needed.get(asset, empty) | due
        for each in step.dependencies:
            read = each.mapping.upstream(due, step.partitions, assets[each.asset].partitions, made.now)
            needed[each.asset] = needed.get(each.asset, empty) | read
    return {
        asset: stood_in(assets[asset].partitions, seen.columns.get(asset), ordinals)
        for asset, ordinals in needed.items()
    }


def stood_in(
    definition: partitions.Partitions | None,
    columns: columns_model.Columns | None,
    ordinals: partition_set.PartitionSet,
) -> Stood:
    """How these partitions of an asset stand."""
    known = columns if columns is not None else columns_model.Columns()
    return Stood(
        fingerprint=definition.fingerprint if definition is not None else "",
        ordinals=ordinals.encode(),
        tokens=_cells(known.tokens, ordinals),
        versions=_cells(known.versions, ordinals),
    )


def _cells(column: array[int], ordinals: partition_set.PartitionSet) -> bytes:
    """The cells of these ordinals, eight bytes each; of those beyond its end, of which nothing is known, zeros."""
    cells, size = memoryview(column).cast("B"), len(column)
    parts = []
    for start, stop in ordinals.ranges():
        inside = bytes(cells[min(start, size) * 8 : min(stop, size) * 8])
        parts.append(inside + bytes((stop - start) * 8 - len(inside)))
    return b"".join(parts)
