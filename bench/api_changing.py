"""A server that is asked while its ledger changes: 10,000 assets while a run commits, a million partitions of one.

All that is changed goes through the ledger as a run's commits do. Each figure is what a client waits over HTTP.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import api_scale
import measuring

ASSETS, QUICK_ASSETS = 10_000, 1_000
LAYER = 100
CHANGED = 10
DIVIDED_CHANGED = 1_000
TIMES = 20
PAUSE = 0.1
PATHS: dict[str, tuple[str, float | None]] = {
    "a page of assets": ("/assets?limit=50", 50),
    "what is wrong now": ("/now", 50),
    "the cloth, 5,000 threads of 1,000 columns": ("/cloth?limit=5000&columns=1000", 300),
    "lineage, 2,000 nodes": ("/lineage", None),
    "where all stand": ("/statuses", None),
    "assets by status": ("/assets?select=status:stale", None),
}


def source(assets: int) -> str:
    """Layers of assets, each made from two of the layer above; one in ten by day."""
    lines = [
        "from weft import DailyPartitions, asset",
        "from typing import Any",
        'days = DailyPartitions(start_date="2024-01-01", end_date="2024-04-10")',
        "",
    ]
    for number in range(assets):
        place = number % LAYER
        above = [number - LAYER, number - LAYER + (1 if place % 10 not in (0, 9) else 0)] if number >= LAYER else []
        parameters = ", ".join(f"a{each}: Any" for each in sorted(set(above)))
        options = "(partitions=days)" if place % 10 == 0 else ""
        lines += [f"@asset{options}", f"def a{number}({parameters}) -> int:", "    return 1", ""]
    return "\n".join(lines)


def measure(how: measuring.How) -> list[measuring.Line]:
    """Both, each with a server of its own."""
    count = QUICK_ASSETS if how.quick else ASSETS
    return [*_many(how, count), *_large(how)]


def _line(name: str, samples: list[float], most: float | None = None, unit: str = "ms") -> measuring.Line:
    return measuring.Line(subject="api_changing", name=name, unit=unit, samples=samples, at_most=most)


def _many(how: measuring.How, count: int) -> list[measuring.Line]:
    with measuring.project(source(count)) as folder:
        how.say(f"building a ledger of {count:,} assets")
        measuring.child(__file__, "build", str(folder))
        with api_scale.server(folder) as ask:
            first = {name: api_scale.timed(ask, path, times=1) for name, (path, _) in PATHS.items()}
            changing: dict[str, list[float]] = {}
            with committing(folder, CHANGED):
                for name, (path, _) in PATHS.items():
                    changing[name] = _spread(ask, path)
                plans = _spread(ask, "/plans/preview", json.dumps({}).encode())
            size = ask.memory()
    return [
        *(_line(f"{name}, {count:,} assets, the first time", samples) for name, samples in first.items()),
        *(
            _line(f"{name}, while {CHANGED} change each {PAUSE:g} s", samples, PATHS[name][1])
            for name, samples in changing.items()
        ),
        _line("a plan of all, meanwhile", plans),
        _line("memory of the server", [size], None, "MB"),
    ]


def _large(how: measuring.How) -> list[measuring.Line]:
    days = api_scale.QUICK_DAYS if how.quick else api_scale.DAYS
    count = days * api_scale.SYMBOLS
    with measuring.project(api_scale.source(days)) as folder:
        how.say(f"building a ledger of {count:,} partitions")
        measuring.child(api_scale.__file__, "build", str(folder), "1")
        with api_scale.server(folder) as ask:
            first = api_scale.timed(ask, "/assets/prices/partitions", times=1)
            before = ask.memory()
            after = []
            for number in range(how.runs):
                measuring.child(__file__, "change", str(folder), "prices", str(DIVIDED_CHANGED), str(number))
                after += api_scale.timed(ask, "/assets/prices/partitions", times=1)
            with committing(folder, DIVIDED_CHANGED, "prices", 1.0):
                meanwhile = _spread(ask, "/assets/prices/partitions")
            versions = api_scale.timed(ask, "/assets/prices/versions?limit=50")
            size = ask.memory()
    return [
        _line(f"the strip of {count:,} partitions, the first time", first, 1_000),
        _line(f"  after {DIVIDED_CHANGED:,} of them changed", after, 100),
        _line(f"  while {DIVIDED_CHANGED:,} change each second", meanwhile, 100),
        _line("a page of its versions", versions, 50),
        _line("memory of the server after the first strip", [before], None, "MB"),
        _line("memory of the server", [size], None, "MB"),
    ]


def _spread(ask: api_scale.Ask, path: str, body: bytes | None = None) -> list[float]:
    """Milliseconds of requests, some time apart, so that something has changed in between."""
    found = []
    for _ in range(TIMES):
        time.sleep(1.3 * PAUSE)
        begun = time.perf_counter()
        ask(path, body)
        found.append((time.perf_counter() - begun) * 1e3)
    return found


@contextlib.contextmanager
def committing(folder: Path, count: int, asset: str = "", pause: float = PAUSE) -> Iterator[None]:
    """A process that commits the making of so many partitions, over and over, until the end of the block."""
    command = [sys.executable, __file__, "commit", str(folder), asset, str(count), str(pause)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=measuring.environment())
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield
    finally:
        process.terminate()
        process.wait(20)


def build(folder: Path) -> None:
    """Record the definitions; make everything once."""
    from weft.service.server import locations

    world = _world(folder)
    locations.record_loaded(world, "main", source="defs.py", root=folder)
    every = []
    for key, asset in world.graph.assets.items():
        named = asset.partitions.keys(asset.partitions.universe(world.clock.now())) if asset.partitions else [None]
        every += [_made(world, key, each, 1) for each in named]
    for start in range(0, len(every), 10_000):
        world.ledger.append(every[start : start + 10_000])
    print(json.dumps({"partitions": len(every)}))


def commit(folder: Path, asset: str, count: int, pause: float) -> None:
    """Let partitions be made anew, until the process is ended."""
    world = _world(folder)
    print("begun", flush=True)
    number = 0
    while True:
        number += 1
        change(world, asset, count, number)
        time.sleep(pause)


def change(world: Any, asset: str, count: int, number: int) -> None:
    """Make so many partitions of an asset, else so many assets, in one commit."""
    import random

    chance = random.Random(number)
    if asset:
        divided = world.graph.assets[asset].partitions
        keys = [divided.key(each) for each in chance.sample(range(divided.size()), count)]
        batch = [_made(world, asset, key, number + 1) for key in keys]
    else:
        last = list(world.graph.assets)[-20 * LAYER :]
        named = chance.sample([each for each in last if world.graph.assets[each].partitions is None], count)
        batch = [_made(world, key, None, number + 1) for key in named]
    world.ledger.append(batch)


def _world(folder: Path) -> Any:
    from weft import wiring

    return wiring.open_world(wiring.Place(start=folder))


def _made(world: Any, key: str, partition: str | None, version: int) -> Any:
    from weft.ledger import codec
    from weft.model import columns, events, partition_set, stored

    step = world.graph.steps[key]
    token = codec.token("t:1")
    inputs = {}
    for dependency in step.dependencies:
        above = world.graph.assets[dependency.asset].partitions
        if above is None or step.partitions is not None:
            digest = token
        else:
            known = columns.Columns(above.size())
            for place in range(above.size()):
                known.tokens[place] = token
            digest = columns.digest_of(known, partition_set.PartitionSet.range(0, above.size()))
        inputs[dependency.asset] = events.InputRecord(digest=digest)
    value = stored.StoredValue(format="none", data_version=f"t:{version}")
    output = events.Materialization(asset=key, value=value, code=step.code, inputs=inputs)
    return events.StepSucceeded(run="r1", step=key, partition=partition, outputs=(output,))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build", folder]:
            build(Path(folder))
        case ["commit", folder, asset, count, pause]:
            commit(Path(folder), asset, int(count), float(pause))
        case ["change", folder, asset, count, number]:
            change(_world(Path(folder)), asset, int(count), int(number) + 1_000)
            print(json.dumps({"changed": int(count)}))
