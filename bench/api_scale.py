"""Lists over a million runs and the strip of a million partitions, through a real server over HTTP.

The ledger is filled by SQL: what is measured is reading. A page is asked for with each kind of filter, at the top and
far down; the strip when nothing has changed since it was asked for last (`api_changing` has what happens when it has).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import measuring

RUNS, QUICK_RUNS = 1_000_000, 100_000
SYMBOLS, DAYS, QUICK_DAYS = 500, 2_000, 200
TIMES = 30
FIRST = 1_700_000_000_000_000
FILTERS = {
    "none": "",
    "pipeline": "&pipeline=pipeline_7",
    "outcome, one in a thousand": "&outcome=failed",
    "pipeline and outcome, none": "&pipeline=pipeline_8&outcome=failed",
    "live": "&live=true",
    "time": "&since=2023-11-16T00:00:00Z&until=2023-11-17T00:00:00Z",
    "automation": "&automation=schedule:pipeline_3",
    "location and outcome": "&location=loc1&outcome=failed",
    "partition, none": "&partition=1999-01-01",
    "text, none": "&q=nothing-has-this-name",
}


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
def prices() -> int:
    return 1
"""


def measure(how: measuring.How) -> list[measuring.Line]:
    """Fill a ledger, start a server on it, ask it."""
    runs, days = (QUICK_RUNS, QUICK_DAYS) if how.quick else (RUNS, DAYS)
    found: dict[str, list[float]] = {}
    with measuring.project(source(days)) as folder:
        how.say(f"building a ledger of {runs:,} runs and {days * SYMBOLS:,} partitions")
        measuring.child(__file__, "build", str(folder), str(runs))
        with server(folder) as ask:
            for name, query in FILTERS.items():
                found[name] = timed(ask, f"/runs?limit=50{query}")
            cursor = json.loads(ask("/runs?limit=500"))["next"]
            found["none, at the second page of 500"] = timed(ask, f"/runs?limit=500&cursor={cursor}")
            first = timed(ask, "/assets/prices/partitions", times=1)
            again = timed(ask, "/assets/prices/partitions")

    def line(name: str, samples: list[float], most: float | None) -> measuring.Line:
        return measuring.Line(subject="api_scale", name=name, unit="ms", samples=samples, at_most=most)

    return [
        *(
            line(f"a page of {runs:,} runs; filter: {name}", [statistics.median(each)], 50)
            for name, each in found.items()
        ),
        line(f"the strip of {days * SYMBOLS:,} partitions, the first time", first, None),
        line("  again, with nothing changed", [statistics.median(again)], 100),
    ]


def timed(ask: Ask, path: str, times: int = TIMES) -> list[float]:
    """Milliseconds of so many requests."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        ask(path)
        found.append((time.perf_counter() - begun) * 1e3)
    return found


class Ask:
    """Asks a server over one kept connection."""

    def __init__(self, port: int, token: str, process: int) -> None:
        self.process = process
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, path: str, body: bytes | None = None) -> bytes:
        """The body of an answer; with a body it is posted."""
        headers = self.headers if body is None else {**self.headers, "Content-Type": "application/json"}
        self.connection.request("GET" if body is None else "POST", f"/api/v1{path}", body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {content[:300]!r}")
        return content

    def memory(self) -> float:
        """Megabytes of memory that the server has in use."""
        pages = int(Path(f"/proc/{self.process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Ask]:
    """A server in a process of its own, until the end of the block."""
    command = [sys.executable, __file__, "serve", str(folder)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=measuring.environment()
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        told = json.loads(process.stdout.readline())
        yield Ask(told["port"], told["token"], process.pid)
    finally:
        process.stdin.close()
        process.wait(20)


def serve(folder: Path) -> None:
    """Serve until the parent closes the pipe."""
    from weft import wiring
    from weft.surfaces.http import server as servers

    serving = wiring.open_serving(wiring.Place(start=folder))

    def ready(running: servers.Running) -> None:
        print(json.dumps({"port": int(running.url.rpartition(":")[2]), "token": running.door.token}), flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), running.stop()), daemon=True).start()

    servers.serve(serving, servers.Bind(port=0), on_ready=ready)


def build(folder: Path, runs: int) -> None:
    """Record the definitions, and fill the tables."""
    from weft import wiring
    from weft.service.server import locations

    world = wiring.open_world(wiring.Place(start=folder))
    locations.record_loaded(world, "main", source="defs.py", root=folder)
    definition = world.graph.assets["prices"].partitions
    code = world.graph.steps["prices"].code
    keys = definition.keys(definition.universe(world.clock.now()))
    with contextlib.closing(sqlite3.connect(folder / ".weft" / "ledger.db")) as store:
        store.execute(
            """
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last)
            INSERT INTO run (id, pipeline, definitions, phase, outcome, created, started, finished, partition,
                             trigger_by, location, automation, pool)
            SELECT lower(hex(randomblob(6))), 'pipeline_' || (i % 500), 'x',
                   iif(i > :last - 200, 'created', 'finished'),
                   iif(i > :last - 200, NULL, iif(i % 1000 = 7, 'failed', 'succeeded')),
                   :first + i * 1000000, :first + i * 1000000, :first + i * 1000000 + 500000,
                   date((:first / 1000000) + i * 60, 'unixepoch'), iif(i % 2, 'schedule', 'manual'), 'loc' || (i % 3),
                   iif(i % 2, 'schedule:pipeline_' || (i % 500), ''), 'default'
            FROM n
            """,
            {"last": runs - 1, "first": FIRST},
        )
        store.executemany(
            "INSERT INTO partition (asset, key, version, token, data_version, code, made_at, made_by, confirmed_at, "
            "outcome, changed) VALUES ('prices', ?, ?, ?, 'j1:x', ?, ?, 'run', ?, 'succeeded', 1)",
            ((key, place + 1, place + 1, code, FIRST, FIRST) for place, key in enumerate(keys)),
        )
        store.commit()
    world.ledger.save_columns({"prices": definition})
    print(json.dumps({"partitions": len(keys)}))


if __name__ == "__main__":
    match sys.argv[1]:
        case "build":
            build(Path(sys.argv[2]), int(sys.argv[3]))
        case "serve":
            serve(Path(sys.argv[2]))
