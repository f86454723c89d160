"""Snapshots: the graph as canonical JSON values, which is what other processes know of the definitions.

A snapshot holds no code, no configuration and no secret. Its digest says what is defined, not where: files and lines
are no part of it, so that moving a function is no change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from weft.define import bodies, lasting, pipeline_snapshot
from weft.model import automations, diagnostics, errors, graph, policies
from weft.model import partitions as partitioning

FORMAT = 1
"""The version of the snapshot's form."""

Json: TypeAlias = "dict[str, Any]"
_ENCODER = msgspec.json.Encoder(order="sorted")


def snapshot(built: bodies.BuiltDefinitions | graph.Graph, *, root: Path | None = None) -> Json:
    """Return the graph as JSON values; files are named relative to `root` where they lie in it.

    What has its default value is left out. Equal partitions and mappings are written once and referred to by number.
    """
    source = built.graph if isinstance(built, bodies.BuiltDefinitions) else built
    writer = _Writer(root)
    document: Json = {
        "format": FORMAT,
        "assets": [writer.asset(each) for each in source.assets.values()],
        "steps": [writer.step(each) for each in source.steps.values()],
        "checks": [writer.check(each) for each in source.checks],
        "jobs": [
            _filled(
                name=each.name,
                selection=each.selection,
                description=each.description,
                tags=dict(each.tags),
                schedule=None if each.schedule is None else pipeline_snapshot.schedule_written(each.schedule),
            )
            for each in source.jobs.values()
        ],
    }
    if source.pipelines:
        document["pipelines"] = [
            pipeline_snapshot.written(each, writer.partitions_of, writer.at) for each in source.pipelines.values()
        ]
    if source.automations:
        document["automations"] = [writer.automation(each) for each in source.automations.values()]
    document["partitions"] = writer.partitions
    document["mappings"] = writer.mappings
    return document


def encode(document: Json) -> bytes:
    """Return the canonical JSON of a snapshot."""
    return _ENCODER.encode(document)


def decode(data: bytes) -> Json:
    """Return the snapshot that `encode` wrote."""
    document: Json = msgspec.json.decode(data, type=dict[str, Any])
    return document


def digest(document: Json) -> str:
    """Return 32 hex digits that identify what a snapshot defines; files and lines don't count."""
    content = {
        name: [{key: value for key, value in each.items() if key != "at"} for each in part]
        if name in ("assets", "steps", "checks", "automations")
        else [pipeline_snapshot.without_places(each) for each in part]
        if name == "pipelines"
        else part
        for name, part in document.items()
    }
    return hashlib.blake2b(encode(content), digest_size=16).hexdigest()


class _Writer:
    """Writes values, and each definition of partitions and mapping once."""

    def __init__(self, root: Path | None) -> None:
        self._root = "" if root is None else f"{root}/"
        self.partitions: list[Json] = []
        self.mappings: list[Json] = []
        # By id: there are few objects and many uses. By content: so that the numbers don't depend on identity.
        self._by_id: dict[int, tuple[int, object]] = {}
        self._by_content: dict[tuple[str, bytes], int] = {}

    def _place(self, thing: Any, into: list[Json], kind: str) -> int:
        known = self._by_id.get(id(thing))
        if known is not None:
            return known[0]
        written = thing.snapshot()
        place = self._by_content.setdefault((kind, encode(written)), len(into))
        if place == len(into):
            into.append(written)
        self._by_id[id(thing)] = (place, thing)
        return place

    def partitions_of(self, given: partitioning.Partitions | None) -> int | None:
        """Return the number of partitions among those that were written, writing them where they are new."""
        return None if given is None else self._place(given, self.partitions, "partitions")

    def at(self, location: diagnostics.SourceLocation | None) -> list[str | int] | None:
        """Return a place in a file, relative to the root."""
        return None if location is None else [location.file.removeprefix(self._root), location.line]

    def asset(self, asset: graph.Asset) -> Json:
        """Return an asset as JSON values."""
        return _filled(
            key=asset.key,
            step=asset.step,
            partitions=self.partitions_of(asset.partitions),
            group=None if asset.group == "default" else asset.group,
            description=asset.description,
            owners=list(asset.owners),
            tags=dict(asset.tags),
            kinds=list(asset.kinds),
            aliases=list(asset.aliases),
            metadata=dict(asset.metadata),
            **_freshness_written(asset.freshness),
            code_changes=None if asset.code_changes == "stale" else asset.code_changes,
            io=asset.io,
            observable=asset.observable,
            made_by=asset.made_by,
            at=self.at(asset.location),
        )

    def step(self, step: graph.Step) -> Json:
        """Return a step as JSON values."""
        return _filled(
            key=step.key,
            kind=None if step.kind == "asset" else step.kind,
            outputs=list(step.outputs),
            subsettable=step.subsettable,
            dependencies=[
                _filled(
                    asset=each.asset,
                    mapping=self._place(each.mapping, self.mappings, "mapping"),
                    parameter=each.parameter,
                    again=each.again or None,
                )
                for each in step.dependencies
            ],
            partitions=self.partitions_of(step.partitions),
            code=step.code,
            policies=_filled(**msgspec.to_builtins(step.policies)),
            at=self.at(step.location),
        )

    def automation(self, automation: automations.Automation) -> Json:
        """Return an automation as JSON values."""
        written = msgspec.to_builtins(msgspec.structs.replace(automation, location=None))
        return _filled(id=automation.id, **written, at=self.at(automation.location))

    def check(self, check: graph.Check) -> Json:
        """Return a check as JSON values."""
        return _filled(
            name=check.name,
            asset=check.asset,
            blocking=check.blocking,
            severity=None if check.severity == "error" else check.severity,
            description=check.description,
            at=self.at(check.location),
        )


def _filled(**values: Any) -> Json:
    """Leave out what has its default value; 0 is a number of something and stays."""
    return {name: value for name, value in values.items() if value or (value == 0 and value is not False)}


def _freshness_written(policy: policies.FreshnessPolicy | None) -> Json:
    """A policy of a lag alone is one number, as it has always been."""
    if policy is None:
        return {}
    if policy == policies.FreshnessPolicy(max_lag=policy.max_lag):
        return {"max_lag": policy.max_lag}
    return {"freshness": msgspec.to_builtins(policy)}


def _freshness_read(given: Json) -> policies.FreshnessPolicy | None:
    if "max_lag" in given:
        return policies.FreshnessPolicy(max_lag=given["max_lag"])
    return msgspec.convert(given["freshness"], policies.FreshnessPolicy) if "freshness" in given else None


def graph_from_snapshot(document: Json) -> graph.Graph:
    """Return the graph that `snapshot` wrote.

    Raises:
        UsageError: it has another format, or is damaged.
    """
    if document.get("format") != FORMAT:
        raise errors.UsageError(
            f"The snapshot of the definitions has the format {document.get('format')!r}; this version reads {FORMAT}.",
            remedy="Make it anew with this version, or read it with the version that wrote it.",
        )
    try:
        with lasting.collection_paused():
            return _graph(document)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise errors.UsageError(
            f"The snapshot of the definitions is damaged: {type(error).__name__}: {error}.", remedy="Make it anew."
        ) from error


def _graph(document: Json) -> graph.Graph:
    divided = [partitioning.from_snapshot(each) for each in document["partitions"]]
    mappings = [partitioning.mapping_from_snapshot(each) for each in document["mappings"]]

    def partitions_of(given: Json) -> partitioning.Partitions | None:
        return divided[given["partitions"]] if "partitions" in given else None

    assets = (
        graph.Asset(
            key=each["key"],
            step=each.get("step"),
            partitions=partitions_of(each),
            group=each.get("group", "default"),
            description=each.get("description", ""),
            owners=tuple(each.get("owners", ())),
            tags=each.get("tags", {}),
            kinds=tuple(each.get("kinds", ())),
            aliases=tuple(each.get("aliases", ())),
            metadata=each.get("metadata", {}),
            freshness=_freshness_read(each),
            code_changes=each.get("code_changes", "stale"),
            io=each.get("io"),
            observable=each.get("observable", False),
            made_by=each.get("made_by"),
            location=_location(each),
        )
        for each in document["assets"]
    )
    steps = (
        graph.Step(
            key=each["key"],
            kind=each.get("kind", "asset"),
            outputs=tuple(each.get("outputs", ())),
            subsettable=each.get("subsettable", False),
            dependencies=tuple(
                graph.Dependency(
                    asset=dep["asset"],
                    mapping=mappings[dep["mapping"]],
                    parameter=dep.get("parameter"),
                    again=dep.get("again", False),
                )
                for dep in each.get("dependencies", ())
            ),
            partitions=partitions_of(each),
            code=each.get("code", ""),
            policies=msgspec.convert(each.get("policies", {}), policies.Policies),
            location=_location(each),
        )
        for each in document["steps"]
    )
    checks = (
        graph.Check(
            name=each["name"],
            asset=each["asset"],
            blocking=each.get("blocking", False),
            severity=each.get("severity", "error"),
            description=each.get("description", ""),
            location=_location(each),
        )
        for each in document["checks"]
    )
    jobs = (
        graph.Job(
            name=each["name"],
            selection=each["selection"],
            description=each.get("description", ""),
            tags=each.get("tags", {}),
            schedule=pipeline_snapshot.schedule_read(each["schedule"]) if "schedule" in each else None,
        )
        for each in document["jobs"]
    )
    return graph.Graph(
        assets={each.key: each for each in assets},
        steps={each.key: each for each in steps},
        checks=tuple(checks),
        jobs={each.name: each for each in jobs},
        pipelines={
            each["name"]: pipeline_snapshot.read(each, divided, _location) for each in document.get("pipelines", ())
        },
        automations={made.id: made for made in map(_automation, document.get("automations", ()))},
    )


def _automation(given: Json) -> automations.Automation:
    kept = {name: value for name, value in given.items() if name not in ("at", "id")}
    made: automations.Automation = msgspec.convert(kept, automations.Automation)
    return msgspec.structs.replace(made, location=_location(given))


def _location(given: Mapping[str, Any]) -> diagnostics.SourceLocation | None:
    at = given.get("at")
    return None if at is None else diagnostics.SourceLocation(file=at[0], line=at[1])
