"""Flows: calls in series, a wide map in threads and on processes, and a one-task flow from a cold shell."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import measuring
import peers

CALLS = 1_000
WIDE = 10_000
SOURCE = """
from weft import flow, task

@task
def add(number: int) -> int:
    return number + 1

@flow
def series(calls: int) -> int:
    number = 0
    for _ in range(calls):
        number = add(number)
    return number

@flow
def threads(count: int) -> int:
    return sum(add.map(list(range(count))).result())

@flow(executor="process", max_workers=2)
def processes(count: int) -> int:
    return sum(add.map(list(range(count))).result())
"""
ONE = (
    SOURCE
    + """
if __name__ == "__main__":
    assert series(1) == 1
"""
)


def measure(how: measuring.How) -> list[measuring.Line]:
    """Each figure in a new process and with a new ledger; durable, as flows are without being told."""
    series: list[float] = []
    wide: dict[str, list[float]] = {"threads": [], "processes": []}
    cold: list[float] = []
    folder = Path(tempfile.mkdtemp(prefix="weft-bench-"))
    try:
        (folder / "pipelines.py").write_text(ONE)
        (folder / "weft.toml").write_text('definitions = "pipelines.py"\ndurability = "full"\n')
        for run in range(how.runs + 1):
            measuring.forget(folder)
            found = measuring.child(__file__, str(folder), "series", str(CALLS))
            if run:
                series.append(found["seconds"] / CALLS * 1e3)
            for kind, rates in wide.items():
                measuring.forget(folder)
                found = measuring.child(__file__, str(folder), kind, str(WIDE))
                if run:
                    rates.append(WIDE / found["seconds"])
            measuring.forget(folder)
            seconds, _ = measuring.shell(folder, "pipelines.py", program=(sys.executable,))
            if run:
                cold.append(seconds * 1e3)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

    def line(name: str, unit: str, samples: list[float], **target: float) -> measuring.Line:
        return measuring.Line(subject="flows", name=name, unit=unit, samples=samples, **target)  # type: ignore[arg-type]

    return [
        line(f"a flow of {CALLS:,} task calls in series, durable, each", "ms", series, at_most=1.0),
        *peers.lines("flows", "series"),
        line(f".map over {WIDE:,} in threads", "tasks/s", wide["threads"], at_least=3_000),
        line(f".map over {WIDE:,} on 2 processes", "tasks/s", wide["processes"], at_least=3_000),
        *peers.lines("flows", "wide"),
        line("a one-task flow from a cold shell", "ms", cold, at_most=350),
        *peers.lines("flows", "shell"),
    ]


def inside(folder: Path, flow: str, count: int) -> None:
    sys.path.insert(0, str(folder))
    import pipelines  # type: ignore[import-not-found]

    begun = time.perf_counter()
    found = getattr(pipelines, flow)(count)
    seconds = time.perf_counter() - begun
    assert found == (count if flow == "series" else count * (count + 1) // 2), found
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    inside(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
