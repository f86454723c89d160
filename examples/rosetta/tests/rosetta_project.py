"""A copy of the folder in which the examples are run."""

from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trade_api import TradeApi

ROSETTA = Path(__file__).resolve().parents[1]


@dataclass
class Example:
    """A copy of the folder, with what its pipelines talk to."""

    folder: Path
    api: TradeApi
    environment: dict[str, str] = field(default_factory=dict)

    def define(self, file: str) -> None:
        """Make a file the project's definitions, for commands that name none."""
        (self.folder / "weft.toml").write_text(f'definitions = "{file}"\n')

    def of(self, file: str) -> Example:
        """The same, with these definitions; for chaining."""
        self.define(file)
        return self

    def run(self, *command: str, code: int = 0) -> str:
        """Run a program in the copy; returns what it printed."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def python(self, file: str) -> str:
        return self.run(sys.executable, file)

    def bash(self, file: str) -> str:
        return self.run("bash", file)

    def weft(self, *arguments: str, code: int = 0) -> str:
        return self.run(sys.executable, "-m", "weft", *arguments, code=code)

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.weft(*arguments, "--json", code=code))

    def pipeline(self, name: str) -> dict[str, Any]:
        return self.json("pipelines", name)["pipeline"]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """A table of the warehouse, by date."""
        with sqlite3.connect(self.folder / "warehouse.db") as warehouse:
            warehouse.row_factory = sqlite3.Row
            found = [dict(row) for row in warehouse.execute(f"SELECT * FROM {table} ORDER BY date")]
        warehouse.close()
        return found

    def table(self, asset: str) -> list[dict[str, Any]]:
        """What a table of the project holds, made once, for one partition."""
        from pyarrow import parquet

        (file,) = (self.folder / ".weft" / "data" / asset).rglob("*.parquet")
        return parquet.ParquetFile(file).read().to_pylist()

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind in the last run."""
        found = [json.loads(line) for line in self.weft("ledger", "events", "last", "--json").splitlines()]
        return [each for each in found if each["type"] == kind]

    def returned(self, task: str) -> Any:
        """What a task returned in the last run, small enough to be in the ledger."""
        ends = [each for each in self.events("StepSucceeded") if each["step"].endswith(f":{task}")]
        return json.loads(base64.b64decode(ends[-1]["task"]["value"]["inline"]))

    def steps(self) -> dict[str, dict[str, Any]]:
        """The steps of the last run by the task's id."""
        return {each["step"].rpartition(":")[2]: each for each in self.json("runs", "last")["step_runs"]}

    def outcomes(self) -> dict[str, str]:
        """The outcome of each step of the last run, by the task's id."""
        return {name: each["outcome"] for name, each in self.steps().items()}
