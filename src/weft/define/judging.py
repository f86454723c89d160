"""What is judged of the graph as a whole: aliases, cycles, and names that several things have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weft.define import job_building, problems
from weft.model import diagnostics, graph, keys


def check_aliases(known: Mapping[keys.AssetKey, graph.Asset], found: problems.Problems) -> None:
    """Add each name by which other systems know two assets."""
    owners: dict[str, graph.Asset] = {}
    for asset in known.values():
        for alias in asset.aliases:
            other = owners.setdefault(alias, asset)
            if other is not asset:
                found.add(
                    "duplicate-alias",
                    f"The assets {other.key!r} and {asset.key!r} both are {alias!r}.",
                    remedy="One asset has each name by which other systems know it; take it from the other.",
                    location=asset.location,
                )


def check_cycles(built: graph.Graph, found: problems.Problems) -> None:
    """Add each cycle, by the keys along it."""
    placed = set(built.order)
    left = {key: None for key in built.steps if key not in placed}
    while left:
        cycle = graph.find_cycle(left, built.producers_of)
        found.add(
            "cycle",
            f"These assets need each other: {' → '.join(cycle)}.",
            remedy="Take one of the dependencies away.",
            location=built.steps[cycle[0]].location,
        )
        for step in cycle[1:]:
            left.pop(step, None)
        ordered = set(graph.topological(left, built.producers_of))
        left = {key: None for key in left if key not in ordered}


def other_names(
    built: graph.Graph, found_jobs: Mapping[str, job_building.FoundJob]
) -> Iterable[tuple[str, str, diagnostics.SourceLocation | None]]:
    """Yield what has a name beside pipelines: (kind, name, location)."""
    for asset in built.assets.values():
        yield "asset", asset.key, asset.location
    for step in built.steps.values():
        if step.key not in built.assets:
            yield "body", step.key, step.location
    for name, each in found_jobs.items():
        yield "job", name, each.location
