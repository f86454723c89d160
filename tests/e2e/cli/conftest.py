from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from weft.surfaces.cli import program


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Project:
    """A project in a folder of its own, and the command line in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "weft.toml").write_text('definitions = "defs.py"\nexecutor = "inline"\n')

    def define(self, text: str) -> None:
        source = "from pathlib import Path\nfrom weft import *\nimport os\n" + textwrap.dedent(text)
        (self.folder / "defs.py").write_text(source)

    def weft(self, *arguments: str) -> Result:
        """Run a command line in this process, without a terminal."""
        out, err = io.StringIO(), io.StringIO()
        before, stdin, path = Path.cwd(), sys.stdin, list(sys.path)
        os.chdir(self.folder)
        sys.stdin = io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = program.run(arguments)
        finally:
            os.chdir(before)
            sys.modules.pop("defs", None)  # of this project: another one's may have the same name
            sys.path[:] = path
            sys.stdin = stdin
        return Result(code, out.getvalue(), err.getvalue())

    def ok(self, *arguments: str) -> Result:
        result = self.weft(*arguments)
        assert result.code == 0, result
        return result

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start a real process."""
        return subprocess.Popen(
            [sys.executable, "-m", "weft", *arguments],
            cwd=self.folder, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, **options,
        )  # fmt: skip

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().split() if path.exists() else []

    def wait_for_lines(self, name: str, count: int, process: subprocess.Popen[str]) -> None:
        """Wait until bodies have written so many lines; ends when the process does."""
        while len(self.lines(name)) < count:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.005)
                if len(self.lines(name)) < count:
                    raise AssertionError(process.communicate())

    def steps(self, *arguments: str) -> dict[str, list[str] | None]:
        """What a plan would run."""
        return {step["asset"]: step["partitions"] for step in self.ok("plan", "--json", *arguments).json["steps"]}


CHAIN = """
    days = DailyPartitions(start_date="2024-01-01", end_date="2024-01-06")

    def read(name):
        return Path(__file__).with_name(name).read_text()

    def note(text):
        with Path(__file__).with_name("journal").open("a") as journal:
            journal.write(text + "\\n")

    @asset(partitions=days, group="in", owners=["team:data"])
    def raw(context) -> int:
        'Raw numbers.'
        note(f"raw:{context.partition_key}")
        return int(context.partition_key[-2:]) + int(read("offset"))

    @asset(partitions=days)
    def double(raw: int) -> int:
        note("double")
        if str(raw) in read("broken"):
            raise ValueError(f"cannot double {raw}")
        return raw * 2

    @asset
    def total(double: dict[str, int]) -> int:
        note("total")
        return sum(double.values())
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def chain(project: Project) -> Project:
    """Three assets: raw and double by day, and their total; `offset` changes the data, `broken` breaks a day."""
    (project.folder / "offset").write_text("0")
    (project.folder / "broken").write_text("-")
    project.define(CHAIN)
    return project
