"""100 steps in series, inline and durable, against the same rows written with bare sqlite3 in as many commits."""

from __future__ import annotations

import itertools
import json
import sqlite3
import sys
import time
from pathlib import Path

import measuring

STEPS = 100
TABLES = ("event", "version", "partition")
POSITION = {"event": "position", "version": "id", "partition": "changed"}


def source() -> str:
    lines = ["from weft import asset", "@asset", "def s0() -> int:", "    return 0"]
    for number in range(1, STEPS):
        lines += ["@asset", f"def s{number}(s{number - 1}: int) -> int:", f"    return s{number - 1} + 1"]
    return "\n".join(lines) + "\n"


def measure(how: measuring.How) -> list[measuring.Line]:
    """Run both sides in turn, each in a new process and with a new file on the same disk."""
    ours: list[float] = []
    bare: list[float] = []
    commits = 0
    with measuring.project(source()) as folder:
        for run in range(how.runs + 1):
            measuring.forget(folder)
            seconds = measuring.child(__file__, "weft", str(folder))["seconds"]
            written = measuring.child(__file__, "bare", str(folder))
            commits = written["commits"]
            if run:  # the first one compiles
                ours.append(seconds * 1e3)
                bare.append(written["seconds"] * 1e3)
    return [
        measuring.Line(
            subject="series",
            name=f"{STEPS} steps in series, inline, durable / bare sqlite3",
            unit="x",
            samples=[mine / other for mine, other in zip(ours, bare, strict=True)],
            at_most=4.0,
            baseline=bare,
            note=f"whole apply; bare: the same rows of {', '.join(TABLES)} in the same {commits} commits",
        ),
        measuring.Line(subject="series", name="  of it: weft", unit="ms", samples=ours),
        measuring.Line(subject="series", name="  of it: bare sqlite3", unit="ms", samples=bare),
    ]


def run_weft(folder: Path) -> None:
    from weft import wiring
    from weft.service.plan import applying, planning
    from weft.service.run import driving

    world = wiring.open_world(wiring.Place(start=folder))
    made = planning.make_plan(world, planning.Ask())
    begun = time.perf_counter()
    done = applying.apply(world, made, driving.How(executor="inline"))
    seconds = time.perf_counter() - begun
    assert done.succeeded == STEPS, done
    world.ledger.close()
    print(json.dumps({"seconds": seconds}))


def run_bare(folder: Path) -> None:
    """Write the rows that weft's run left, in its commits, into a new file with the same tables."""
    source = sqlite3.connect(folder / ".weft" / "ledger.db")
    rows = {table: source.execute(f"SELECT * FROM {table} ORDER BY {POSITION[table]}").fetchall() for table in TABLES}
    columns = {table: [row[1] for row in source.execute(f"PRAGMA table_info({table})")] for table in TABLES}
    begins: dict[int, int] = {}
    for position, at in source.execute("SELECT position, at FROM event ORDER BY position"):
        begins.setdefault(at, position)
    bounds = [*begins.values(), 1 << 62]
    groups = []
    for low, high in itertools.pairwise(bounds):
        group = {}
        for table in TABLES:
            place = columns[table].index(POSITION[table])
            group[table] = [row for row in rows[table] if low <= row[place] < high]
        groups.append(group)
    path = folder / ".weft" / "bare.db"
    bare = sqlite3.connect(path, isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    for (statement,) in source.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name IN (?, ?, ?)", TABLES
    ):
        bare.execute(statement)
    inserts = {table: f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns[table]))})" for table in TABLES}
    begun = time.perf_counter()
    for group in groups:
        bare.execute("BEGIN IMMEDIATE")
        for table, some in group.items():
            if some:
                bare.executemany(inserts[table], some)
        bare.execute("COMMIT")
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "commits": len(groups)}))


if __name__ == "__main__":
    {"weft": run_weft, "bare": run_bare}[sys.argv[1]](Path(sys.argv[2]))
