"""Code locations: what their hosts read is recorded here, and the graphs of all of them are merged into one.

Names are global: an asset, a pipeline, a job or an automation is made by one location. The location that comes later
with a name that another has keeps its last good definitions, and its problem says who has it. An external asset that
another location makes is that one's.
"""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from weft.define import bodies, definition_documents
from weft.define import snapshot as snapshots
from weft.model import control_events, diagnostics, errors
from weft.model import graph as graphs
from weft.ports import ledger as ledgers
from weft.ports import locations as ports
from weft.service import documents
from weft.service import world as worlds

_KINDS = {"asset": "asset", "pipeline": "pipeline", "job": "job", "automation": "automation", "step": "step"}


@dataclass(kw_only=True)
class Merged:
    """The definitions of all locations as one graph; `places` has the location of each, `mark` says as of when."""

    graph: graphs.Graph
    places: Mapping[str, str]
    mark: tuple[int, int]
    is_dynamic: bool = False
    planned: graphs.Graph | None = None
    """The graph with a stand-in for each pipeline, once somebody has needed it; only where nothing is dynamic."""


@dataclass
class Snapshots:
    """The graphs of snapshots by their digests, so that only what changed is read again."""

    graphs: dict[str, graphs.Graph] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class LocationConflictError(errors.UsageError):
    """A location defines what another one makes."""

    def __init__(self, problems: Sequence[control_events.Problem]) -> None:
        """Keep all `problems`."""
        self.problems = tuple(problems)
        super().__init__(
            "; ".join(each.message for each in self.problems), remedy=self.problems[0].remedy if problems else None
        )


# --- recording --------------------------------------------------------------------------------------------------------


def record_loaded(world: worlds.World, location: str, *, source: str = "", root: Path | None = None) -> bool:
    """Record the definitions of a location that were read, with their code; returns whether anything differed.

    Args:
        world: of the process that loaded them.
        location: its name.
        source: where from, as people read it.
        root: the folder that files are named relative to.

    Raises:
        LocationConflictError: another location makes some of it; nothing is recorded but this problem.
    """
    written = snapshots.snapshot(world.definitions, root=root)
    body = snapshots.encode(written)
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    row = next((each for each in world.ledger.locations() if each.name == location), None)
    if row is not None and row.snapshot == digest and not row.removed and not row.problems and row.source == source:
        return False
    found = definition_documents.documents(written)
    packed = {name: _packed(document) for name, document in found.items()}
    codes = documents.code_documents(world, dict.fromkeys(world.definitions.manifests))
    with world.ledger.transaction() as transaction:
        current, others = _in_force(world.ledger, location)
        problems = conflicts(world.ledger, world.definitions, found, others, root)
        if problems:
            _append_failed(world.ledger, transaction, location, problems, source)
        else:
            ours = {name: each for name, each in packed.items() if name not in others}
            changed = {name: each for name, (each, _) in ours.items() if current.get(name) != each}
            if recorded := documents.keep_code(transaction, codes):
                transaction.append(recorded)
            for name in changed:
                transaction.put_document(ours[name][0], "definition", zlib.compress(ours[name][1], 1))
            transaction.put_document(digest, "snapshot", zlib.compress(body, 1))
            loaded = control_events.LocationLoaded(
                location=location,
                snapshot=digest,
                changed=changed,
                removed=tuple(sorted(current.keys() - ours.keys())),
                source=source,
            )
            transaction.append([loaded])
    if problems:
        raise LocationConflictError(problems)
    return True


def record_failed(
    ledger: ledgers.Ledger,
    location: str,
    problems: Sequence[control_events.Problem],
    *,
    source: str = "",
) -> bool:
    """Record that the definitions of a location could not be read; returns whether that differs from before."""
    with ledger.transaction() as transaction:
        return _append_failed(ledger, transaction, location, problems, source)


def record_removed(ledger: ledgers.Ledger, location: str) -> bool:
    """Record that a location is not configured any more; returns whether it was there."""
    with ledger.transaction() as transaction:
        there = any(each.name == location and not each.removed for each in ledger.locations())
        if there:
            transaction.append([control_events.LocationRemoved(location=location)])
    return there


def problems_of(error: Exception, root: Path | None = None) -> tuple[control_events.Problem, ...]:
    """What is wrong with definitions, as it is recorded; files are named relative to `root`."""
    if isinstance(error, LocationConflictError):
        return error.problems
    if isinstance(error, diagnostics.DefinitionsError):
        return tuple(
            control_events.Problem(
                message=each.message,
                remedy=each.remedy or "",
                file=_relative(each.location.file, root) if each.location is not None else "",
                line=each.location.line if each.location is not None else 0,
                code=each.code,
            )
            for each in error.diagnostics
        )
    if isinstance(error, errors.WeftError):
        return (control_events.Problem(message=error.message, remedy=error.remedy or "", code=error.code),)
    return (control_events.Problem(message=f"{type(error).__name__}: {error}"),)


def _append_failed(
    ledger: ledgers.Ledger,
    transaction: ledgers.Transaction,
    location: str,
    problems: Sequence[control_events.Problem],
    source: str,
) -> bool:
    row = next((each for each in ledger.locations() if each.name == location), None)
    if row is not None and not row.removed and row.problems == tuple(problems):
        return False
    failed = control_events.LocationFailed(location=location, problems=tuple(problems), source=source)
    transaction.append([failed])
    return True


def _packed(document: Mapping[str, Any]) -> tuple[str, bytes]:
    body = snapshots.encode(dict(document))
    return hashlib.blake2b(body, digest_size=16).hexdigest(), body


def _in_force(ledger: ledgers.Ledger, location: str) -> tuple[dict[str, str], dict[str, ports.DefinitionRow]]:
    """The digests of a location's definitions, and the rows of all others'."""
    live = {each.name for each in ledger.locations() if not each.removed}
    rows = ledger.definitions()
    own = {name: each.digest for name, each in rows.items() if each.location == location}
    others = {name: each for name, each in rows.items() if each.location != location and each.location in live}
    return own, others


def conflicts(
    ledger: ledgers.Ledger,
    built: bodies.BuiltDefinitions,
    found: Mapping[str, Mapping[str, Any]],
    others: dict[str, ports.DefinitionRow],
    root: Path | None,
) -> list[control_events.Problem]:
    """What of these definitions other locations make.

    From `others` is taken what they only name and this location makes; what they make and this one only names stays.
    """
    shared = [name for name in found if name in others]
    kept = ledger.documents([others[name].digest for name in shared])
    problems = []
    for name in shared:
        theirs = kept.get(others[name].digest)
        is_theirs = theirs is None or definition_documents.is_made(msgspec.json.decode(theirs))
        is_ours = definition_documents.is_made(found[name])
        if is_ours and is_theirs:
            problems.append(_conflict(built.graph, name, others[name].location, root))
        elif is_ours:
            del others[name]
    problems += _step_conflicts(ledger, built.graph, {each.location for each in others.values()}, root)
    return problems


def _step_conflicts(
    ledger: ledgers.Ledger, graph: graphs.Graph, locations: Iterable[str], root: Path | None
) -> list[control_events.Problem]:
    """Steps of several assets have names of their own, which must be distinct as well."""
    own = {key for key, step in graph.steps.items() if step.outputs != (key,)}
    if not own:
        return []
    problems = []
    wanted = set(locations)
    for row in ledger.locations():
        body = ledger.document(row.snapshot) if row.name in wanted else None
        theirs = {each["key"] for each in snapshots.decode(body)["steps"]} if body is not None else set()
        problems += [_conflict(graph, f"step:{key}", row.name, root) for key in sorted(own & theirs)]
    return problems


def _conflict(graph: graphs.Graph, name: str, holder: str, root: Path | None) -> control_events.Problem:
    kind, _, key = name.partition(":")
    defined: Any = {
        "asset": graph.assets,
        "pipeline": graph.pipelines,
        "job": graph.jobs,
        "step": graph.steps,
        "automation": graph.automations,
    }[kind].get(key)
    place = getattr(defined, "location", None)
    return control_events.Problem(
        message=f"The {_KINDS[kind]} {key!r} is defined in the location {holder!r} already.",
        remedy=f"Rename it, or remove it from {holder!r}."
        + (" To read it from here, declare it as external." if kind == "asset" else ""),
        file=_relative(place.file, root) if place is not None else "",
        line=place.line if place is not None else 0,
        code="defined-elsewhere",
    )


def _relative(file: str, root: Path | None) -> str:
    return file.removeprefix(f"{root}/") if root is not None else file


# --- merging ----------------------------------------------------------------------------------------------------------


def graph_of(ledger: ledgers.Ledger, digest: str, known: Snapshots | None = None) -> graphs.Graph | None:
    """The graph of a snapshot, None where it is not kept."""
    found = known.graphs.get(digest) if known is not None else None
    if found is None:
        body = ledger.document(digest)
        if body is None:
            return None
        found = snapshots.graph_from_snapshot(snapshots.decode(body))
        if known is not None:
            with known.lock:
                known.graphs[digest] = found
    return found


def merged(ledger: ledgers.Ledger, known: Snapshots, mark: tuple[int, int]) -> Merged:
    """The definitions of all locations as one graph. `known` keeps the graphs of snapshots in force."""
    parts: dict[str, graphs.Graph] = {}
    rows = [each for each in ledger.locations() if each.snapshot and not each.removed]
    for row in rows:
        graph = graph_of(ledger, row.snapshot, known)
        if graph is not None:
            parts[row.name] = graph
    with known.lock:
        in_force = {each.snapshot for each in rows}
        known.graphs = {digest: each for digest, each in known.graphs.items() if digest in in_force}
    graph, places = merge(parts)
    is_dynamic = any(_is_dynamic(each) for each in [*graph.assets.values(), *graph.pipelines.values()])
    return Merged(graph=graph, places=places, mark=mark, is_dynamic=is_dynamic)


def merge(parts: Mapping[str, graphs.Graph]) -> tuple[graphs.Graph, dict[str, str]]:
    """Several graphs as one, and the location of each definition by name.

    Of an asset that one part makes and others only name, the one that is made counts; where nobody makes it, the first.
    """
    assets: dict[str, graphs.Asset] = {}
    steps: dict[str, graphs.Step] = {}
    checks: dict[tuple[str, str], graphs.Check] = {}
    rest: dict[str, dict[str, Any]] = {"job": {}, "pipeline": {}, "automation": {}}
    places: dict[str, str] = {}
    for location, part in parts.items():
        for key, asset in part.assets.items():
            known = assets.get(key)
            if known is None or (_is_external(known) and not _is_external(asset)):
                assets[key] = asset
                places[f"asset:{key}"] = location
        for key, step in part.steps.items():
            steps.setdefault(key, step)
        for check in part.checks:
            checks.setdefault((check.asset, check.name), check)
        for kind, several in (
            ("job", part.jobs),
            ("pipeline", part.pipelines),
            ("automation", part.automations),
        ):
            for name, each in several.items():
                if name not in rest[kind]:
                    rest[kind][name] = each
                    places[f"{kind}:{name}"] = location
    graph = graphs.Graph(
        assets=assets,
        steps=steps,
        checks=tuple(checks.values()),
        jobs=rest["job"],
        pipelines=rest["pipeline"],
        automations=rest["automation"],
    )
    return graph, places


def _is_external(asset: graphs.Asset) -> bool:
    return asset.step is None and asset.made_by is None


def _is_dynamic(defined: Any) -> bool:
    return defined.partitions is not None and bool(defined.partitions.dynamic_names())
