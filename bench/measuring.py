"""What every subject of the benchmark uses: lines of the table, fresh projects, clocks around child processes.

A sample is one figure of one run; a line has as many as there were runs and shows their median. Processes are timed
with the monotonic clock from before they are started until they have ended, as a person at a shell waits for them.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

WEFT = (sys.executable, "-m", "weft")
TIMEOUT_SECONDS = 900


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table: samples of one figure and what it should be.

    `at_most` or `at_least` is the target, in the line's unit; with neither the line is for information. `baseline` has
    the samples of the other side of a ratio, in milliseconds.
    """

    subject: str
    name: str
    unit: str
    samples: Sequence[float]
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""
    baseline: Sequence[float] = ()

    @property
    def median(self) -> float:
        """The middle of the samples."""
        return statistics.median(self.samples)

    @property
    def verdict(self) -> Literal["pass", "miss", ""]:
        """Whether the median reaches the target; empty where there is none."""
        if self.at_most is not None:
            return "pass" if self.median <= self.at_most else "miss"
        if self.at_least is not None:
            return "pass" if self.median >= self.at_least else "miss"
        return ""


@dataclass(frozen=True, kw_only=True)
class How:
    """How to measure: `runs` repetitions; `quick` shrinks what takes minutes, and says so in the lines."""

    runs: int = 5
    quick: bool = False
    say: Callable[[str], None] = field(default=lambda _: None)


@contextlib.contextmanager
def project(source: str) -> Iterator[Path]:
    """Make a project with one file of definitions in a new temporary folder, and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="weft-bench-"))
    try:
        (folder / "defs.py").write_text(source)
        (folder / "weft.toml").write_text('definitions = "defs.py"\ndurability = "full"\n')
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forget(folder: Path) -> None:
    """Drop the ledger and the data of a project and keep its compiled bytecode."""
    shutil.rmtree(folder / ".weft", ignore_errors=True)


def environment() -> dict[str, str]:
    """The environment of a child process: this one's, without what would change how Python or weft run.

    Above all PYTHONDONTWRITEBYTECODE, with which every start would compile what it imports.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith(("WEFT_", "PYTHON"))}


def shell(folder: Path, *arguments: str, program: Sequence[str] = WEFT, code: int = 0) -> tuple[float, str]:
    """Run a command in a folder as a process of its own; returns seconds and what it printed.

    Raises:
        RuntimeError: it ended with another exit code than `code`.
    """
    command = [*program, *arguments]
    begun = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment(), timeout=TIMEOUT_SECONDS, check=False
    )
    seconds = time.monotonic() - begun
    if done.returncode != code:
        raise RuntimeError(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
    return seconds, done.stdout


def child(file: str, *arguments: str) -> Any:
    """Run the inside of a subject in a process of its own; returns the JSON that its last line is."""
    _, printed = shell(Path(file).parent, file, *arguments, program=(sys.executable,))
    return json.loads(printed.splitlines()[-1])
