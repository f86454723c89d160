"""A copy of the folder in which the examples are run, and the trade API that they talk to."""

from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

ROSETTA = Path(__file__).resolve().parents[1]


def trades_of(date: str) -> list[dict[str, Any]]:
    """What the API answers for a day: three trades of two symbols, with quantities that depend on the day."""
    day = int(date[-2:])
    return [
        {"trade_id": 3 * day, "date": date, "symbol": "BTC", "price": 50_000.0, "quantity": day},
        {"trade_id": 3 * day + 1, "date": date, "symbol": "ETH", "price": 3_000.0, "quantity": 10},
        {"trade_id": 3 * day + 2, "date": date, "symbol": "BTC", "price": 51_000.0, "quantity": 1},
    ]


class TradeApi(ThreadingHTTPServer):
    """The trade API. `asked` has what was asked for; the next `failures` answers are 503."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.failures = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: TradeApi

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.failures:
            self.server.failures -= 1
            self.send_error(503)
            return
        date = parse_qs(urlparse(self.path).query)["date"][0]
        body = json.dumps(trades_of(date)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """The tests' output stays readable."""


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

    def returned(self, task: str) -> Any:
        """What a task returned in the last run, small enough to be in the ledger."""
        events = [json.loads(line) for line in self.weft("ledger", "events", "last", "--json").splitlines()]
        ends = [each for each in events if each["type"] == "StepSucceeded" and each["step"].endswith(f":{task}")]
        return json.loads(base64.b64decode(ends[-1]["task"]["value"]["inline"]))

    def steps(self) -> dict[str, dict[str, Any]]:
        """The steps of the last run by the task's id."""
        return {each["step"].rpartition(":")[2]: each for each in self.json("runs", "last")["step_runs"]}

    def outcomes(self) -> dict[str, str]:
        """The outcome of each step of the last run, by the task's id."""
        return {name: each["outcome"] for name, each in self.steps().items()}
