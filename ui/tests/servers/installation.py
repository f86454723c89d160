"""A large installation for the tests and the benchmark of the web UI, written straight through the store.

    python installation.py FOLDER --assets 10000 --runs 1000000 --log-megabytes 200

The definitions are a file that weft loads; what happened is events where pages show their details (assets, the run with
the long log), and rows by SQL where only their number matters (runs, the partitions of `prices`). What is written does
not depend on when it is written, but for the times, which end now.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LAYER = 50
AREAS = ("orders", "trades", "prices", "positions", "rates", "risk", "ledger", "users", "events", "stock")
OWNERS = ("team:trading", "team:research", "team:platform", "ana@example.com")
KINDS = ("duckdb", "parquet", "sql", "python")
HUB, HUB_READERS = 300, range(400, 1_600)
BROKEN = (0.9001, 0.942, 0.9777)
"""Where among the assets those are that failed: low in the graph, so that not everything hangs on them."""
TASKS, GRID_RUNS = 200, 2_000
SYMBOLS, DAYS = 500, 2_000
LOG_RUN = "10f0000000aa"
ERROR = "ValueError: the vendor's file ends in the middle of row 7,777,777"
TRACEBACK = f"""Traceback (most recent call last):
  File "definitions.py", line 42, in load_everything
    raise ValueError("the vendor's file ends in the middle of row 7,777,777")
{ERROR}
"""


def main() -> None:
    """Make the installation and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--assets", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--log-megabytes", type=int, default=200)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    (asked.folder / "definitions.py").write_text(definitions(asked.assets))
    (asked.folder / "weft.toml").write_text('definitions = "definitions.py"\n')
    sys.path.insert(0, str(asked.folder))

    from weft import wiring
    from weft.service.server import locations

    world = wiring.open_world(wiring.Place(start=asked.folder))
    locations.record_loaded(world, "main", source="definitions.py", root=asked.folder)
    now = int(time.time() * 1e6)
    with told("assets"):
        make_assets(world, asked.assets)
    line = 0
    if asked.log_megabytes:
        with told("the long log"):
            line = write_log(world, asked.folder, asked.log_megabytes, now)
    with contextlib.closing(sqlite3.connect(asked.folder / ".weft" / "ledger.db")) as store:
        store.execute("PRAGMA synchronous = off")
        with told("runs"):
            fill_runs(store, asked.runs, now)
        with told("the grid"):
            fill_grid(store, now)
        with told("partitions"):
            for key in ("prices", "ticks"):
                fill_partitions(world, store, key, now)
        store.commit()
    world.ledger.save_columns({key: world.graph.assets[key].partitions for key in ("prices", "ticks")})
    facts = {"assets": asked.assets, "runs": asked.runs, "log": {"run": LOG_RUN, "line": line, "error": ERROR}}
    (asked.folder / "facts.json").write_text(json.dumps(facts))


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """Say how long a part took."""
    begun = time.monotonic()
    yield
    sys.stderr.write(f"{what}: {time.monotonic() - begun:.1f} s\n")


def name(number: int) -> str:
    """The key of an asset."""
    return f"{AREAS[number % LAYER // 5]}_{number:05d}"


def above(number: int) -> list[int]:
    """What an asset reads: two of the layer above, now and then one of far above, and for many of them one hub."""
    if number < LAYER:
        return []
    found = {number - LAYER, (number // LAYER - 1) * LAYER + (number + 1) % LAYER}
    if number % 40 == 0:
        found.add(number * 7 % (number - LAYER + 1))
    if number in HUB_READERS:
        found.add(HUB)
    return sorted(found)


def definitions(count: int) -> str:
    """The code of the installation."""
    lines = [
        "from datetime import date, timedelta",
        "from weft import DailyPartitions, HourlyPartitions, MultiPartitions, StaticPartitions, asset, dag, task",
        "",
        "start = date(2015, 1, 1)",
        f'days = DailyPartitions("2015-01-01", (start + timedelta(days={DAYS})).isoformat())',
        f'symbols = StaticPartitions([f"S{{each:03d}}" for each in range({SYMBOLS})])',
        'hours = HourlyPartitions("2012-01-01T00:00", end_date="2023-06-01T00:00")',
        "",
        '@asset(partitions=MultiPartitions({"date": days, "symbol": symbols}), group="market")',
        "def prices() -> int:",
        "    return 1",
        "",
        '@asset(partitions=hours, group="market")',
        "def ticks() -> int:",
        "    return 1",
        "",
        "@task",
        "def load_everything() -> int:",
        "    return 1",
        "",
        "@dag",
        "def nightly_load():",
        "    load_everything()",
        "",
        '@dag(partitions=days, params={"region": "eu", "rows": 100})',
        "def regional():",
        "    load_everything()",
        "",
        "@task",
        "def part(number: int) -> int:",
        "    return number",
        "",
        "@dag",
        "def wide():",
        f"    for number in range({TASKS}):",
        '        part.override(task_id=f"part_{number:03d}")(number)',
        "",
    ]
    for number in range(count):
        parameters = ", ".join(f"{name(each)}: int" for each in above(number))
        group = f"{AREAS[number % LAYER // 5]}_{number // (LAYER * 20)}"
        lines += [
            f'@asset(group="{group}", owners=["{OWNERS[number % 4]}"], kinds=["{KINDS[number % 4]}"], '
            f'tags={{"tier": "{number % 3}"}})',
            f"def {name(number)}({parameters}) -> int:",
            f"    return {number}",
            "",
        ]
    return "\n".join(lines)


def make_assets(world: Any, count: int) -> None:
    """Everything was made once; then some failed, and some were made again with other content: others are stale."""
    from weft.model import events

    batch: list[Any] = [made(world, name(number), 1) for number in range(count)]
    batch += [made(world, name(number), 2) for number in range(count * 9 // 10 + 7, count, 97)]
    for key in (name(int(place * count)) for place in BROKEN):
        error = events.Error(kind="ValueError", message=f"no rows for {key}")
        batch.append(events.AttemptFailed(run="r2", step=key, error=error, assets=(key,), duration=40_000))
    for start in range(0, len(batch), 5_000):
        world.ledger.append(batch[start : start + 5_000])


def made(world: Any, key: str, version: int) -> Any:
    """The event of an asset's making, with the first version of what it reads."""
    from weft.ledger import codec
    from weft.model import events, stored

    step = world.graph.steps[key]
    read = {each.asset: events.InputRecord(digest=codec.token("t:1")) for each in step.dependencies}
    value = stored.StoredValue(format="none", data_version=f"t:{version}")
    output = events.Materialization(asset=key, value=value, code=step.code, inputs=read)
    return events.StepSucceeded(run="r1", step=key, duration=150_000, outputs=(output,))


def write_log(world: Any, folder: Path, megabytes: int, now: int) -> int:
    """A run whose one attempt wrote a long log and failed; returns the number of the line of its one error record."""
    from weft.model import events

    file = folder / ".weft" / "logs" / LOG_RUN / "process-1.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    number, error_line, size, most = 0, 0, 0, megabytes * 1_000_000
    with file.open("wb", buffering=1 << 20) as out:
        while size < most:
            if not error_line and size > 0.62 * most:
                error_line = number + 1
                text = f"2026-11-20 03:11:07,512 ERROR vendor: {ERROR}\n"
            elif number % 50 == 17:
                text = f"2026-11-20 03:11:07,100 INFO vendor: \x1b[32mbatch {number:,}\x1b[0m, naïve café ☕ 数据 ✓\n"
            elif number % 997 == 3:
                text = f"2026-11-20 03:11:07,100 WARNING vendor: slow answer, see https://example.org/run?n={number}\n"
            else:
                text = (
                    f"2026-11-20 03:11:07,100 INFO vendor: row {number:,} read, checked and passed on to the loader\n"
                )
            size += out.write(text.encode())
            number += 1
    file.chmod(0o600)
    step = "nightly_load:load_everything"
    run = {"run": LOG_RUN}
    segment = events.LogSegment(file=f"{LOG_RUN}/process-1.log", start=0, end=size)
    world.ledger.append(
        [
            events.RunCreated(**run, execution=LOG_RUN, pipeline="nightly_load", steps=1, by="root"),
            events.RunStarted(**run, owner="process 1"),
            events.AttemptsStarted(**run, step=step, items=("",)),
            events.AttemptFailed(
                **run,
                step=step,
                error=events.Error(kind="ValueError", message=ERROR.partition(": ")[2], traceback=TRACEBACK),
                started=now - 600_000_000,
                duration=590_000_000,
                log=segment,
            ),
            events.RunFinished(**run, outcome="failed", pipeline="nightly_load"),
        ]
    )
    return error_line


def fill_runs(store: sqlite3.Connection, count: int, now: int) -> None:
    """Runs of many pipelines, ten seconds apart, up to an hour ago; one in a thousand failed."""
    store.execute(
        """
        WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last)
        INSERT INTO run (id, execution, pipeline, definitions, phase, outcome, created, started, finished, steps,
                         succeeded, failed, partition, trigger_by, location, automation, pool, by_whom)
        SELECT printf('%08x%04x', i * 2654435761 % 4294967296, i % 65536), '', 'pipeline_' || (i % 500), 'x',
               'finished', iif(i % 1000 = 7, 'failed', 'succeeded'),
               :first + i * 10000000, :first + i * 10000000 + 900000,
               :first + i * 10000000 + 900000 + (i % 97) * 250000,
               4, iif(i % 1000 = 7, 3, 4), iif(i % 1000 = 7, 1, 0),
               strftime('%Y-%m-%dT%H:%M', (:first / 1000000) + i * 10, 'unixepoch'),
               iif(i % 2, 'schedule', 'manual'), 'main', iif(i % 2, 'schedule:pipeline_' || (i % 500), ''), 'default',
               iif(i % 2, 'scheduler', 'ana')
        FROM n
        """,
        {"last": count - 1, "first": now - 3_600_000_000 - count * 10_000_000},
    )


def fill_grid(store: sqlite3.Connection, now: int) -> None:
    """Runs of the pipeline `wide`, with a step run for each of its tasks."""
    runs = {"runs": GRID_RUNS, "first": now - GRID_RUNS * 300_000_000, "tasks": TASKS}
    store.execute(
        """
        WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :runs - 1)
        INSERT INTO run (id, execution, pipeline, definitions, phase, outcome, created, started, finished, steps,
                         succeeded, failed, trigger_by, location, pool, by_whom)
        SELECT printf('%08x3d00', i * 2654435761 % 4294967296), '', 'wide', 'x', 'finished',
               iif(i % 50 = 9, 'failed', 'succeeded'),
               :first + i * 300000000, :first + i * 300000000, :first + i * 300000000 + 20000000 + (i % 13) * 3000000,
               :tasks, iif(i % 50 = 9, :tasks - 1, :tasks), iif(i % 50 = 9, 1, 0), 'manual', 'main', 'default', 'ana'
        FROM n
        """,
        runs,
    )
    store.execute(
        """
        WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :runs - 1),
             t (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM t WHERE k < :tasks - 1)
        INSERT INTO step_run (run, step, item, phase, outcome, attempt, at, started, duration)
        SELECT printf('%08x3d00', i * 2654435761 % 4294967296), printf('wide:part_%03d', k), '', 'finished',
               iif(i % 50 = 9 AND k = 77, 'failed', 'succeeded'), 1,
               :first + i * 300000000 + k * 100000 + 90000, :first + i * 300000000 + k * 100000, 90000
        FROM n, t
        """,
        runs,
    )


def fill_partitions(world: Any, store: sqlite3.Connection, key: str, now: int) -> None:
    """All partitions of an asset were made; one in ten thousand failed since."""
    divided = world.graph.assets[key].partitions
    code = world.graph.steps[key].code
    store.executemany(
        "INSERT INTO partition (asset, key, version, token, data_version, code, made_at, made_by, confirmed_at, "
        "outcome, error, changed) VALUES (?, ?, ?, ?, 'j1:x', ?, ?, 'run', ?, ?, ?, 1)",
        (
            (
                key, each, place + 1, place + 1, code, now, now,
                "failed" if place % 10_000 == 77 else "succeeded",
                "ValueError: no rows" if place % 10_000 == 77 else "",
            )
            for place, each in enumerate(divided.keys(divided.universe(world.clock.now())))
        ),
    )  # fmt: skip


if __name__ == "__main__":
    main()
