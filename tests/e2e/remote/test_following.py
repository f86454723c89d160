"""Following what a server runs: until it ends, or until Ctrl-C, which only lets go of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.server import dev_server

pytestmark = pytest.mark.slow

DEFINITIONS = """
from pathlib import Path
from weft import StaticPartitions, asset, flow, task
import time

HERE = Path(__file__).parent

@task
def hold(name: str) -> str:
    print("holding", name, flush=True)
    (HERE / f"{name}.began").touch()
    while not (HERE / f"{name}.end").exists():
        time.sleep(0.01)
    return name

@flow
def holding(name: str) -> str:
    return hold(name)

@asset(partitions=StaticPartitions(["a", "b"]))
def parts(context) -> str:
    return context.partition_key

@asset
def held() -> int:
    (HERE / "held.began").touch()
    while not (HERE / "held.end").exists():
        time.sleep(0.01)
    return 1
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dev_server.Dev]:
    folder = dev_server.project(tmp_path_factory.mktemp("project"), DEFINITIONS)
    with dev_server.dev(folder) as running:
        dev_server.until(lambda: bool(running.get("/assets")["items"]), "the definitions are loaded")
        yield running


def begin(running: dev_server.Dev, *arguments: str) -> subprocess.Popen[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
    return subprocess.Popen(
        [*dev_server.WEFT, *arguments], cwd=running.folder, env={**known, "WEFT_SERVER": running.url}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def end(process: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
    out, err = process.communicate(timeout=dev_server.PATIENCE)
    assert process.returncode == code, out + err
    return out, err


def latest(running: dev_server.Dev) -> dict[str, Any]:
    found: dict[str, Any] = running.get("/runs", limit=1)["items"][0]
    return found


def began(folder: Path, name: str) -> None:
    dev_server.until(lambda: (folder / f"{name}.began").exists(), f"{name} has begun")


def test_ctrl_c_lets_go_of_a_run_which_goes_on_and_says_how_it_is_cancelled(running):
    process = begin(running, "run", "holding", "--param", "name=one")
    began(running.folder, "one")
    process.send_signal(signal.SIGINT)
    _, err = end(process, 130)
    run = latest(running)
    assert run["phase"] == "running"
    assert f"Run {run['id'][:8]} goes on at the server. `weft cancel {run['id'][:8]}` ends it." in err
    (running.folder / "one.end").touch()
    running.wait_for(lambda each: each["type"] == "RunFinished" and each["run"] == run["id"])
    assert latest(running)["outcome"] == "succeeded"


def test_ctrl_c_lets_go_of_an_apply_which_goes_on(running):
    process = begin(running, "apply", "held", "--yes")
    began(running.folder, "held")
    process.send_signal(signal.SIGINT)
    _, err = end(process, 130)
    execution = running.get("/executions", limit=1)["items"][0]
    assert execution["phase"] == "running"
    assert f"`weft executions cancel {execution['id'][:8]}` ends it." in err
    (running.folder / "held.end").touch()
    running.wait_for(lambda each: each["type"] == "ExecutionFinished")
    assert "fresh" in end(begin(running, "status", "held"))[0]


def test_a_detached_run_returns_at_once_and_its_output_can_be_followed(running):
    told = json.loads(end(begin(running, "run", "holding", "--param", "name=two", "--detach", "--json"))[0])
    following = begin(running, "logs", told["id"], "--follow")
    began(running.folder, "two")
    assert following.poll() is None
    (running.folder / "two.end").touch()
    assert "holding two" in end(following)[0]


def test_a_run_that_is_cancelled_while_it_is_followed_ends_as_cancelled(running):
    process = begin(running, "run", "holding", "--param", "name=three")
    began(running.folder, "three")
    run = latest(running)
    end(begin(running, "cancel", run["id"][:8]))
    out, _ = end(process, 1)
    assert "Cancelled" in out


def test_an_apply_that_is_not_agreed_to_on_a_terminal_is_refused_and_nothing_runs(running):
    before = running.get("/executions")["items"]
    _, err = end(begin(running, "apply", "held", "--force"), 2)
    assert "--yes" in err
    assert running.get("/executions")["items"] == before


def test_a_kept_plan_is_applied_by_its_id_once_and_refused_after_that_as_drifted(running):
    (running.folder / "held.end").touch()
    plan = json.loads(end(begin(running, "plan", "held", "--force", "--save", "--json"))[0])
    out, _ = end(begin(running, "apply", "--plan", plan["id"][:6], "--yes"))
    assert "1 succeeded" in out
    _, err = end(begin(running, "apply", "--plan", plan["id"][:6], "--yes"), 3)
    assert "no longer holds" in err


def test_of_a_kept_plan_that_drifted_what_still_holds_is_applied_and_the_rest_told(running):
    plan = json.loads(end(begin(running, "plan", "parts", "--save", "--json"))[0])["id"]
    end(begin(running, "materialize", "parts", "--partitions", "a"))
    out, _ = end(begin(running, "apply", "--plan", plan, "--what-holds", "--yes"))
    assert "parts a: there is nothing to do: it was made by run" in out
    assert "1 succeeded" in out
