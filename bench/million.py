"""A million materialized partitions below another million, a thousand of them changed at random: the cold plan."""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

import measuring

DAYS, SYMBOLS = 2_000, 500
QUICK_DAYS = 200
CHANGED = 1_000
BATCH = 20_000


def source(days: int) -> str:
    return f"""
from datetime import date, timedelta
from weft import DailyPartitions, MultiPartitions, StaticPartitions, asset

start = date(2015, 1, 1)
both = MultiPartitions({{
    "date": DailyPartitions(start_date=start.isoformat(), end_date=(start + timedelta(days={days})).isoformat()),
    "symbol": StaticPartitions([f"S{{each:03d}}" for each in range({SYMBOLS})]),
}})

@asset(partitions=both)
def raw() -> int:
    return 1

@asset(partitions=both)
def processed(raw: int) -> int:
    return raw * 2
"""


def measure(how: measuring.How) -> list[measuring.Line]:
    """Build the ledger through the store, change a thousand rows before each plan, and plan in a new process."""
    days = QUICK_DAYS if how.quick else DAYS
    count = f"{days * SYMBOLS:,}"
    with measuring.project(source(days)) as folder:
        how.say(f"building a ledger of 2 x {count} partitions")
        built = measuring.child(__file__, "build", str(folder))
        first = measuring.child(__file__, "plan", str(folder))
        saved = measuring.child(__file__, "save", str(folder))
        shell: list[float] = []
        inside: list[float] = []
        for run in range(how.runs):
            measuring.child(__file__, "change", str(folder), str(run))
            seconds, printed = measuring.shell(folder, "plan", "--json")
            found = sum(len(step["partitions"]) for step in json.loads(printed)["steps"])
            assert found >= CHANGED * 0.9 * (run + 1), found
            shell.append(seconds * 1e3)
            inside.append(measuring.child(__file__, "plan", str(folder))["plan"] * 1e3)
        size = (folder / ".weft" / "ledger.db").stat().st_size / 1e9

    def line(
        name: str, values: list[float], most: float | None = None, *, unit: str = "ms", note: str = ""
    ) -> measuring.Line:
        return measuring.Line(subject="million", name=name, unit=unit, samples=values, at_most=most, note=note)

    return [
        line(
            f"{count} partitions below as many, 1,000 changed: weft plan, cold",
            shell,
            1_000,
            note="the whole process, --json",
        ),
        line("  of it: observing and planning", inside),
        line("  the very first plan, without summaries", [first["plan"]], unit="s"),
        line("  writing the summaries, at the end of an apply", [saved["seconds"]], unit="s"),
        line("  building the ledger through the store", [built["seconds"]], unit="s", note=f"{size:.1f} GB"),
    ]


def _world(folder: Path):
    from weft import wiring

    return wiring.open_world(wiring.Place(start=folder))


def build(folder: Path) -> None:
    """Append one materialization for each partition of both assets."""
    from weft.ledger import codec
    from weft.model import events, stored

    world = _world(folder)
    begun = time.perf_counter()
    definition = world.graph.assets["raw"].partitions
    keys = definition.keys(definition.universe(world.clock.now()))
    read: dict[str, events.InputRecord] = {}
    for asset in ("raw", "processed"):
        code = world.graph.steps[asset].code
        for start in range(0, len(keys), BATCH):
            part = keys[start : start + BATCH]
            batch = [
                events.Materialized(
                    partition=key,
                    output=events.Materialization(
                        asset=asset,
                        value=stored.StoredValue(format="json", data_version=f"j1:{asset}{key}", inline=b"1"),
                        code=code,
                        inputs={"raw": read[key]} if asset == "processed" else {},
                    ),
                )
                for key in part
            ]
            first = world.ledger.append(batch)
            if asset == "raw":
                for place, key in enumerate(part):
                    token = codec.token(f"j1:{asset}{key}")
                    read[key] = events.InputRecord(digest=token, partitions=(key,), versions=(first + place,))
    print(json.dumps({"seconds": time.perf_counter() - begun}))


def save(folder: Path) -> None:
    """Keep the summaries, as an apply does at its end."""
    world = _world(folder)
    begun = time.perf_counter()
    world.ledger.save_columns({asset: world.graph.assets[asset].partitions for asset in ("raw", "processed")})
    print(json.dumps({"seconds": time.perf_counter() - begun}))


def change(folder: Path, run: int) -> None:
    """Give a thousand partitions of the upper asset other content."""
    from weft.model import events, stored

    world = _world(folder)
    definition = world.graph.assets["raw"].partitions
    everything = definition.universe(world.clock.now())
    chosen = sorted(random.Random(run).sample(range(len(everything)), CHANGED))
    world.ledger.append(
        [
            events.Materialized(
                partition=key,
                output=events.Materialization(
                    asset="raw",
                    value=stored.StoredValue(format="json", data_version=f"j1:{run}{key}", inline=b"2"),
                    code=world.graph.steps["raw"].code,
                ),
            )
            for key in definition.keys(chosen)
        ]
    )
    print(json.dumps({"changed": CHANGED}))


def plan(folder: Path) -> None:
    """Observe and plan, as every command does that asks for a plan."""
    from weft.service.plan import planning

    world = _world(folder)
    begun = time.perf_counter()
    made = planning.make_plan(world, planning.Ask())
    print(json.dumps({"plan": time.perf_counter() - begun, "steps": made.count}))


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    if sys.argv[1] == "change":
        change(folder, int(sys.argv[3]))
    else:
        {"build": build, "save": save, "plan": plan}[sys.argv[1]](folder)
