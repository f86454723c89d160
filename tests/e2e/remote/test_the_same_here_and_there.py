"""What a command prints of the project here and of the server that serves it is the same, on the same state."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.server import dev_server

pytestmark = pytest.mark.slow

DEFINITIONS = '''
from weft import DailyPartitions, DynamicPartitions, artifacts, asset, asset_check, dag, flow, job, sensor, task

days = DailyPartitions(start_date="2024-01-01", end_date="2024-01-06")
customers = DynamicPartitions("customers")

@asset(partitions=days, group="trading", owners=["team:trading"], description="What was traded.")
def raw(context) -> str:
    print("making", context.partition_key)
    return context.partition_key

@asset(partitions=days, group="trading")
def clean(raw: str) -> str:
    return raw.upper()

@asset(partitions=customers)
def invoices(context) -> str:
    return context.partition_key

@asset
def numbers() -> list:
    artifacts.markdown("# Hello", key="report")
    artifacts.table([{"day": 1, "count": 2}], key="counts")
    return [1, 2, 3]

@asset_check(asset=numbers)
def enough(numbers: list) -> bool:
    return len(numbers) > 2

@asset
def broken(numbers: list) -> int:
    raise ValueError("no such thing")

@task
def add(a: int, b: int) -> int:
    print("adding", a, b)
    return a + b

@task
def work(day: str) -> str:
    return day

@dag(schedule="@daily", start_date="2024-01-01", end_date="2024-01-11", catchup=False)
def daily():
    """Works by day."""
    work("{{ ds }}")

@flow
def adding(a: int = 1, b: int = 2) -> int:
    return add(a, b)

@task
def fail() -> None:
    raise KeyError("price")

@flow
def failing() -> None:
    fail()

@sensor(target="adding", every="1h")
def looking():
    return None

several = job("several", selection="numbers")
'''
SETTINGS = """
[pools]
warehouse = 2

[connections.lake]
type = "s3"
"""


class Both:
    """A folder with a server of it, and command lines that speak to either."""

    def __init__(self, running: dev_server.Dev, folder: Path) -> None:
        self.running, self.folder = running, folder

    def weft(self, *arguments: str, there: bool = True, code: int | None = 0) -> tuple[int, str, str]:
        """A command line in the folder, speaking to the server if `there`; its code and what it printed."""
        known = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
        given = {"WEFT_SERVER": self.running.url} if there else {}
        done = subprocess.run(
            [*dev_server.WEFT, *arguments], cwd=self.folder, capture_output=True, text=True, check=False,
            timeout=dev_server.PATIENCE, env={**known, **given, "COLUMNS": "160"},
        )  # fmt: skip
        assert code is None or done.returncode == code, (arguments, done)
        # a server tells where something is defined from the project's folder on, not where that is on its machine
        return done.returncode, done.stdout.replace(f"{self.folder}/", ""), done.stderr


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = dev_server.project(tmp_path_factory.mktemp("project"), DEFINITIONS, SETTINGS)
    with dev_server.dev(folder) as running:
        dev_server.until(lambda: bool(running.get("/assets")["items"]), "the definitions are loaded")
        both = Both(running, folder)
        both.weft("apply", "raw or clean", "--yes", "-p", "2024-01-01..2024-01-03")
        both.weft("materialize", "numbers")
        both.weft("materialize", "numbers")
        both.weft("apply", "broken", "--yes", code=1)
        both.weft("run", "adding", "--param", "a=4")
        both.weft("run", "failing", code=1)
        both.weft("backfill", "daily", "2024-01-01..2024-01-03", "--concurrency", "1")
        both.weft("partitions", "add", "customers", "acme", "umbrella")
        both.weft("versions", "numbers")
        both.weft("rollback", "numbers", "--to", "previous", "--reason", "worse")
        both.weft("accept", "broken", "--reason", "known", code=None)
        both.weft("schedules", "pause", "daily", "--reason", "holiday")
        both.weft("alerts", "silence", "--match", "root=numbers", "--for", "1d", "--reason", "known")
        both.weft("plan", "invoices", "--save")
        yield both


LOOKS = [
    ("ls",),
    ("ls", "group:trading"),
    ("status",),
    ("status", "status:failed", "--explain"),
    ("plan",),
    ("plan", "raw", "--force"),
    ("plan", "clean", "--all", "--explain"),
    ("plan", "--failed"),
    ("partitions", "raw"),
    ("partitions", "daily"),
    ("partitions", "invoices"),
    ("versions", "raw"),
    ("versions", "numbers", "-v"),
    ("versions", "numbers", "-n", "1"),
    ("pipelines",),
    ("pipelines", "daily"),
    ("pipelines", "adding", "--versions"),
    ("runs",),
    ("runs", "--pipeline", "daily"),
    ("runs", "-n", "2"),
    ("runs", "last"),
    ("logs", "raw"),
    ("logs", "raw", "-p", "2024-01-02"),
    ("logs", "adding"),
    ("logs", "failing"),
    ("logs", "failing", "fail"),
    ("logs", "failing", "failing"),
    ("logs", "broken", "--failed"),
    ("artifacts",),
    ("artifacts", "report"),
    ("artifacts", "counts"),
    ("artifacts", "report", "--all"),
    ("queue",),
    ("queue", "last"),
    ("pools", "ls"),
    ("work-pool", "ls"),
    ("executions",),
    ("executions", "ls", "--live"),
    ("check", "numbers"),
    ("sensors", "test", "looking"),
    ("schedules",),
    ("schedules", "next"),
    ("schedules", "history"),
    ("schedules", "history", "daily"),
    ("automations",),
    ("automations", "explain", "daily"),
    ("automations", "history", "looking"),
    ("sensors",),
    ("incidents",),
    ("alerts", "silences"),
    ("locations", "ls"),
    ("definitions",),
    ("definitions", "raw"),
    ("definitions", "raw", "--versions"),
    ("accounts", "ls"),
    ("tokens", "ls"),
    ("audit", "-n", "3"),
    ("audit", "--verify"),
    ("ledger", "events", "-n", "30"),
    ("ledger", "verify"),
    ("gc", "--dry-run"),
    ("alerts", "check"),
    ("connections", "list"),
    ("connections", "show", "lake"),
    ("ledger", "events", "last"),
]
WITHOUT_JSON = {("executions",), ("schedules",), ("automations",), ("sensors",), ("incidents",)}
"""Groups: their options stand with a subcommand."""
MOVES = re.compile(r'"(seen_at|seconds|worker_runs|looked_at|next_look|same|used)":[^,}]*')
"""Fields that another moment has otherwise."""
LASTS = re.compile(r"\b\d+(\.\d+)? (ms|s|min|h)\b")
"""How long something took, or is away: the second look has it otherwise."""


@pytest.mark.parametrize("arguments", LOOKS, ids=" ".join)
def test_a_command_prints_the_same_of_a_server_and_of_the_project(both: Both, arguments: tuple[str, ...]) -> None:
    here, there = both.weft(*arguments, there=False, code=None), both.weft(*arguments, code=None)
    assert [LASTS.sub("", str(part)) for part in there] == [LASTS.sub("", str(part)) for part in here]
    assert here[0] == 0
    if arguments in WITHOUT_JSON:
        return
    here, there = both.weft(*arguments, "--json", there=False), both.weft(*arguments, "--json")
    assert MOVES.sub("", there[1]) == MOVES.sub("", here[1])


WRONG = [
    ("ls", "group:"),
    ("status", "nosuch"),
    ("plan", "nosuch"),
    ("plan", "raw", "-p", "1999-01-01"),
    ("apply", "--plan", "nosuch", "--yes"),
    ("materialize", "nosuch"),
    ("run", "nosuch"),
    ("run", "daily", "--param", "c=1"),
    ("run", "daily", "--param", "c"),
    ("run", "daily", "--params-json", "[1]"),
    ("run", "daily", "--partition", "1999-01-01"),
    ("rerun", "nosuch"),
    ("resume", "last"),
    ("cancel", "nosuch"),
    ("cancel", "last"),
    ("backfill", "nosuch", "2024-01-01"),
    ("backfill", "adding", "2024-01-01"),
    ("runs", "nosuch"),
    ("logs", "nosuch"),
    ("logs", "last", "nosuch"),
    ("pipelines", "nosuch"),
    ("versions", "nosuch"),
    ("rollback", "numbers", "--to", "v999999"),
    ("accept", "nosuch", "--reason", "why"),
    ("partitions", "numbers"),
    ("partitions", "add", "nosuch", "key"),
    ("partitions", "remove", "customers", "nosuch"),
    ("queue", "nosuch"),
    ("queue", "last", "--priority", "3"),
    ("pools", "set", "warehouse", "-3"),
    ("pools", "set", "warehouse", "many"),
    ("work-pool", "pause", "nosuch"),
    ("executions", "show", "nosuch"),
    ("schedules", "history", "nosuch"),
    ("schedules", "pause", "nosuch"),
    ("automations", "explain", "nosuch"),
    ("incidents", "show", "nosuch"),
    ("alerts", "unsilence", "nosuch"),
    ("locations", "reload", "nosuch"),
    ("definitions", "nosuch"),
    ("tokens", "revoke", "nosuch"),
    ("tokens", "create", "ci", "--scope", "rns.*"),
    ("tokens", "create", "ci", "--scope", "RUNS"),
    ("ledger", "events", "nosuch"),
    ("connections", "show", "nosuch"),
    ("connections", "test", "nosuch"),
    ("connections", "add", "lake"),
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_what_is_refused_is_refused_in_the_same_words(both: Both, arguments: tuple[str, ...]) -> None:
    here, there = both.weft(*arguments, there=False, code=None), both.weft(*arguments, code=None)
    assert there == here
    assert here[0] in (1, 2)


def test_a_plan_that_is_checked_says_by_its_exit_code_that_there_is_something_to_do(both: Both) -> None:
    assert (
        both.weft("plan", "clean", "--check", code=10)[1]
        == both.weft("plan", "clean", "--check", there=False, code=10)[1]
    )
    assert both.weft("plan", "numbers", "--check") == both.weft("plan", "numbers", "--check", there=False)


def test_weft_alone_tells_what_is_going_on_at_the_server(both: Both) -> None:
    told = both.weft()[1]
    assert f"{both.running.url}: 5 assets" in told
    assert " failed" in told


def test_json_of_an_apply_has_what_a_local_one_has(both: Both) -> None:
    told = json.loads(both.weft("apply", "raw", "-p", "2024-01-04", "--yes", "--json")[1])
    assert (told["outcome"], told["succeeded"], told["plan"]["steps"][0]["partitions"]) == (
        "succeeded",
        1,
        ["2024-01-04"],
    )
    again = json.loads(both.weft("apply", "raw", "-p", "2024-01-04", "--yes", "--json")[1])
    assert (again["run"], again["outcome"], again["plan"]["fresh"]) == (None, None, 1)


def test_a_connection_is_made_tried_and_removed_at_the_server(both: Both) -> None:
    (both.folder / "some.db").touch()
    url = f"sqlite:///{both.folder / 'some.db'}"
    assert both.weft("connections", "add", "local", url) == (
        0,
        f"Saved local: {url}\n".replace(f"{both.folder}/", ""),
        "",
    )
    assert both.weft("connections", "show", "local") == both.weft("connections", "show", "local", there=False)
    tried = json.loads(both.weft("connections", "test", "local", "--json")[1])
    assert [(each["name"], each["type"], each["passed"]) for each in tried] == [("local", "sqlite", True)]
    assert both.weft("connections", "remove", "local")[1] == "Removed local.\n"
    assert "local" not in both.weft("connections", "list", there=False)[1]


def test_a_worker_of_the_server_looks_its_installation_over(both: Both) -> None:
    here = json.loads(both.weft("doctor", "--json", there=False)[1])
    there = json.loads(both.weft("doctor", "--json")[1])
    assert [each["subject"] for each in there] == [each["subject"] for each in here]
