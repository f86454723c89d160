"""Large graphs: 5,000 assets loaded from a file and planned; 100,000 in memory planned."""

from __future__ import annotations

import gc
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import measuring

LOADED = 5_000
IN_MEMORY = 100_000
LAYER = 50


def source() -> str:
    """One file of decorated functions in layers: each reads two neighbours of the layer above, in diamonds."""
    lines = ["from weft import asset"]
    for number in range(LOADED):
        above = [] if number < LAYER else sorted({number - LAYER, (number // LAYER - 1) * LAYER + (number + 1) % LAYER})
        parameters = ", ".join(f"a{each}: int" for each in above)
        lines += [
            "@asset",
            f"def a{number}({parameters}) -> int:",
            f"    return {' + '.join(f'a{each}' for each in above) or '1'}",
            "",
        ]
    return "\n".join(lines) + "\n"


def measure(how: measuring.How) -> list[measuring.Line]:
    """Loading and planning in a new process each, and the same from the shell; planning in memory by itself."""
    samples: dict[str, list[float]] = {name: [] for name in ("load", "plan", "both", "fresh", "shell")}
    with measuring.project(source()) as folder:
        for run in range(how.runs + 1):
            measuring.forget(folder)
            found = measuring.child(__file__, "load", str(folder))
            shell, printed = measuring.shell(folder, "plan", "--json")
            assert len(json.loads(printed)["steps"]) == LOADED
            if run:  # the first one compiles
                samples["load"].append(found["load"] * 1e3)
                samples["plan"].append(found["plan"] * 1e3)
                samples["both"].append((found["load"] + found["plan"]) * 1e3)
                samples["shell"].append(shell * 1e3)
        measuring.forget(folder)
        measuring.child(__file__, "make", str(folder))
        for _ in range(how.runs):
            found = measuring.child(__file__, "load", str(folder))
            samples["fresh"].append((found["load"] + found["plan"]) * 1e3)
    memory = [measuring.child(__file__, "memory")["seconds"] for _ in range(min(how.runs, 3))]

    def line(
        name: str, values: list[float], most: float | None = None, *, unit: str = "ms", note: str = ""
    ) -> measuring.Line:
        return measuring.Line(subject="graphs", name=name, unit=unit, samples=values, at_most=most, note=note)

    return [
        line(
            "5,000 assets load and plan, nothing made",
            samples["both"],
            1_000,
            note="in a new process, without its start",
        ),
        line("  of it: load", samples["load"]),
        line("  of it: plan", samples["plan"]),
        line("5,000 assets load and plan, all made", samples["fresh"], 1_000),
        line(
            "weft plan --json of 5,000 assets, from the shell",
            samples["shell"],
            note="with the start of Python and printing",
        ),
        line("100,000 assets in memory plan", memory, 10, unit="s"),
    ]


def load(folder: Path) -> None:
    """Load the project and plan it, as every command does."""
    from weft import wiring
    from weft.service.plan import planning

    begun = time.perf_counter()
    world = wiring.open_world(wiring.Place(start=folder))
    loaded = time.perf_counter()
    made = planning.make_plan(world, planning.Ask())
    assert made.count + made.fresh == LOADED, made
    print(json.dumps({"load": loaded - begun, "plan": time.perf_counter() - loaded}))


def make(folder: Path) -> None:
    """Make everything, so that the next plan compares and finds nothing to do."""
    from weft import wiring
    from weft.service.plan import applying, planning
    from weft.service.run import driving

    world = wiring.open_world(wiring.Place(start=folder))
    done = applying.apply(world, planning.make_plan(world, planning.Ask()), driving.How(executor="inline"))
    print(json.dumps({"made": done.succeeded}))


def memory() -> None:
    """Plan a graph of plain values with an empty history."""
    from weft.model import columns, graph, partitions, plan
    from weft.planner import planning

    assets: dict[str, graph.Asset] = {}
    steps: dict[str, graph.Step] = {}
    identity = partitions.IdentityMapping()
    for number in range(IN_MEMORY):
        key = f"a{number}"
        above = () if number < LAYER else (number - LAYER, (number // LAYER - 1) * LAYER + (number + 1) % LAYER)
        reads = tuple(graph.Dependency(asset=f"a{each}", mapping=identity) for each in sorted(set(above)))
        assets[key] = graph.Asset(key=key, step=key)
        steps[key] = graph.Step(key=key, outputs=(key,), dependencies=reads, code="c")
    begun = time.perf_counter()
    gc.disable()  # as the service does while it plans
    observed = columns.Observed(columns={}, manifests={}, seconds={}, reserved={})
    request = plan.Request(assets=tuple(assets))
    made = planning.make(graph.Graph(assets=assets, steps=steps), observed, datetime(2024, 1, 1, tzinfo=UTC), request)
    assert made.count == IN_MEMORY
    print(json.dumps({"seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    if sys.argv[1] == "memory":
        memory()
    else:
        {"load": load, "make": make}[sys.argv[1]](Path(sys.argv[2]))
