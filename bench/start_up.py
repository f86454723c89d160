"""What it costs to start: importing weft, help, completion, status, one asset from a cold shell."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import measuring

SOURCE = """
from weft import asset

@asset
def one() -> int:
    return 1

@asset
def two(one: int) -> int:
    return one + 1
"""


def measure(how: measuring.How) -> list[measuring.Line]:
    """Whole processes; `import weft` against bare Python in turn, the difference of each pair."""
    runs = how.runs * 2
    bare: list[float] = []
    more: list[float] = []
    samples: dict[str, list[float]] = {name: [] for name in ("help", "complete", "status", "materialize", "inline")}
    with measuring.project(SOURCE) as folder:
        measuring.shell(folder, "apply", "--yes")
        python = (sys.executable, "-c")
        measuring.shell(folder, "import weft", program=python)
        for _ in range(runs):
            without, _ = measuring.shell(folder, "pass", program=python)
            bare.append(without * 1e3)
            more.append((measuring.shell(folder, "import weft", program=python)[0] - without) * 1e3)
            samples["help"].append(measuring.shell(folder, "--help")[0] * 1e3)
            samples["complete"].append(_complete(folder))
            samples["status"].append(measuring.shell(folder, "status")[0] * 1e3)
            samples["materialize"].append(measuring.shell(folder, "materialize", "one")[0] * 1e3)
            samples["inline"].append(measuring.shell(folder, "materialize", "one", "--executor", "inline")[0] * 1e3)

    def line(name: str, values: list[float], most: float | None = None) -> measuring.Line:
        return measuring.Line(subject="start_up", name=name, unit="ms", samples=values, at_most=most)

    return [
        line("import weft, more than bare Python", more, 80),
        line("  bare Python", bare),
        line("weft --help", samples["help"], 150),
        line("shell completion of a command", samples["complete"], 150),
        line("weft status, small ledger", samples["status"], 350),
        line("one asset materialized, cold, default executor", samples["materialize"], 400),
        line("one asset materialized, cold, inline", samples["inline"], 400),
    ]


def _complete(folder: Path) -> float:
    """Ask for what `weft st<TAB>` would show, as the completion script of bash does."""
    program = Path(sys.executable).with_name("weft")
    environment = measuring.environment() | {
        "_WEFT_COMPLETE": "bash_complete",
        "COMP_WORDS": "weft st",
        "COMP_CWORD": "1",
    }
    begun = time.monotonic()
    done = subprocess.run(
        [os.fspath(program)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - begun
    if "status" not in done.stdout:
        raise RuntimeError(f"completion gave {done.stdout!r} {done.stderr[-2000:]}")
    return seconds * 1e3
