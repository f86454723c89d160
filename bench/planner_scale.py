"""How long planning takes at scale, in memory: `python bench/planner_scale.py [--profile]`.

Unpartitioned assets in layers (chains and diamonds), and an asset with a million partitions below another such, of
which some changed at random.
"""

from __future__ import annotations

import cProfile
import pstats
import random
import resource
import sys
import time
from array import array
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from weft.model import columns as columns_model
from weft.model import graph, partitions, plan
from weft.planner import planning

NOW = datetime(2024, 6, 1, tzinfo=UTC)
WIDTH = 100


def layered(count: int) -> graph.Graph:
    """Layers of `WIDTH` assets; each reads the one above it and that one's neighbour, so that diamonds are
    everywhere."""
    assets, steps = {}, {}
    for number in range(count):
        key = f"layer{number // WIDTH}/asset{number % WIDTH}"
        above = number // WIDTH - 1
        read = [number % WIDTH, (number % WIDTH + 1) % WIDTH] if above >= 0 else []
        assets[key] = graph.Asset(key=key, step=key)
        steps[key] = graph.Step(
            key=key,
            outputs=(key,),
            code="c1",
            dependencies=tuple(
                graph.Dependency(asset=f"layer{above}/asset{each}", mapping=partitions.IdentityMapping())
                for each in read
            ),
        )
    return graph.Graph(assets=assets, steps=steps)


def built(of: graph.Graph, *, other_code: frozenset[str] = frozenset()) -> columns_model.Observed:
    """Everything was made once; what is named in `other_code` by code that is not today's."""
    found = {}
    for number, (key, step) in enumerate(of.steps.items(), start=1):
        columns = columns_model.Columns(0)
        columns.put(
            0,
            columns_model.PartitionRow(
                key="",
                version=number,
                token=number,
                code="c0" if key in other_code else "c1",
                inputs={each.asset: found[each.asset].tokens[0] for each in step.dependencies},
                made_at=1_700_000_000_000_000 + number,
                made_by="r",
                confirmed_at=1_700_000_000_000_000 + number,
            ),
        )
        found[key] = columns
    return observed(found)


def observed(columns: Mapping[str, columns_model.Columns]) -> columns_model.Observed:
    return columns_model.Observed(columns=columns, manifests={}, seconds={}, reserved={})


def large(count: int, changed: int, missing: int = 0) -> tuple[graph.Graph, columns_model.Observed]:
    """Two assets with `count` partitions each, the lower made from the upper, of which `changed` were made again
    since."""
    definition = partitions.HourlyPartitions(start_date="1900-01-01")
    made = [
        graph.Step(key="upper", outputs=("upper",), code="c1", partitions=definition),
        graph.Step(
            key="lower",
            outputs=("lower",),
            code="c1",
            partitions=definition,
            dependencies=(graph.Dependency(asset="upper", mapping=partitions.IdentityMapping()),),
        ),
    ]
    assets = {step.key: graph.Asset(key=step.key, step=step.key, partitions=definition) for step in made}
    random_bits = random.Random(2).getrandbits
    tokens = array("Q", [random_bits(63) + 1 for _ in range(count)])
    columns = {}
    for step in made:
        each = columns_model.Columns(count)
        each.tokens = tokens[:]
        each.versions = array("q", range(1, count + 1))
        each.codes = array("I", [1]) * count
        each.made_at = array("q", [1_700_000_000_000_000]) * count
        each.made_by = array("I", [1]) * count
        each.restore_names(["", "c1"], ["", "r1"])
        columns[step.key] = each
    columns["lower"].inputs["upper"] = tokens[:]
    for ordinal in random.Random(1).sample(range(count), changed):
        columns["upper"].tokens[ordinal] ^= 1 << 40
        columns["upper"].versions[ordinal] += 2 * count
        columns["upper"].made_at[ordinal] += 1_000_000
    for ordinal in random.Random(3).sample(range(count), missing):
        columns["lower"].tokens[ordinal] = columns["lower"].versions[ordinal] = columns["lower"].codes[ordinal] = 0
    return graph.Graph(assets=assets, steps={step.key: step for step in made}), observed(columns)


def timed(name: str, work: Callable[[], plan.Plan], *, profile: bool) -> None:
    """Print how long planning takes, the better of two."""
    taken = []
    for _ in range(2):
        start = time.perf_counter()
        made = work()
        taken.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:<58} {min(taken):7.3f} s, {len(made.steps):>7,} lines, {made.count:>9,} step runs, peak {peak:,.0f} MB"
    )
    if profile:
        profiler = cProfile.Profile()
        profiler.runcall(work)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(14)


def planned(of: graph.Graph, seen: columns_model.Observed, now: datetime) -> Callable[[], plan.Plan]:
    """Plan everything, on a graph that was not asked anything before."""
    request = plan.Request(assets=tuple(of.assets))
    return lambda: planning.make(graph.Graph(assets=of.assets, steps=of.steps), seen, now, request)


def main() -> None:
    profile = "--profile" in sys.argv
    for count in (5_000, 100_000):
        of = layered(count)
        some = frozenset(random.Random(1).sample(list(of.steps)[-3 * WIDTH :], 20))
        timed(f"{count:,} assets, all missing", planned(of, observed({}), NOW), profile=profile)
        timed(f"{count:,} assets, all fresh", planned(of, built(of), NOW), profile=profile)
        timed(
            f"{count:,} assets, the code of 20 changed", planned(of, built(of, other_code=some), NOW), profile=profile
        )
        first = frozenset(f"layer0/asset{each}" for each in range(WIDTH))
        timed(
            f"{count:,} assets, the first layer changed", planned(of, built(of, other_code=first), NOW), profile=profile
        )
    for changed, missing in ((0, 0), (1_000, 0), (1_000, 1), (100_000, 0)):
        of, seen = large(1_000_000, changed, missing)
        now = of.assets["upper"].partitions.window(999_999).end  # type: ignore[union-attr]
        timed(f"1,000,000 partitions, {changed:,} changed, {missing} missing", planned(of, seen, now), profile=profile)


if __name__ == "__main__":
    main()
