"""A flow that failed or was interrupted runs again and keeps what succeeded; one that is refused stays as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from weft import Suspended, flow, suspend, task
from weft.model import errors, events
from weft.service.pipeline import flows as service
from weft.stores import sqlite


def again(home: Any, wanted: Any, **parameters: Any) -> Any:
    """Run a flow again, keeping what succeeded in its newest run; the state."""
    return service.run_flow(home.place, wanted, parameters, rerun_of=home.last().id, keeps=True, trigger="rerun")


@pytest.mark.parametrize("problem", [ValueError("wrong"), KeyboardInterrupt()])
def test_a_rerun_keeps_the_calls_that_succeeded_before_a_failure_or_ctrl_c(weft_flows, problem: BaseException) -> None:
    ran: list[int] = []
    broken = True

    @task
    def step(number: int) -> int:
        if number == 2 and broken:
            raise problem
        ran.append(number)
        return number * 10

    @flow
    def steps() -> int:
        return sum([step(0), step(1), *step.map([5, 6]).result(), step(2), step(3)])

    with pytest.raises(type(problem)):
        steps()
    first = weft_flows.last().id
    broken = False
    state = again(weft_flows, steps)
    assert (state.value, sorted(ran)) == (170, [0, 1, 2, 3, 5, 6])
    assert weft_flows.last().rerun_of == first
    assert weft_flows.last().outcome == "succeeded"
    reused = [each for each in weft_flows.events() if isinstance(each, events.StepReused)]
    assert {(each.item, each.reason, each.source_run) for each in reused} == {
        (item, "kept", first) for item in ("0", "1", "2.0", "2.1")
    }
    assert weft_flows.ledger.verify().passed


def test_a_rerun_keeps_what_its_subflows_did(weft_flows) -> None:
    ran: list[int] = []
    broken = True

    @task
    def step(number: int) -> int:
        if number == 2 and broken:
            raise ValueError("wrong")
        ran.append(number)
        return number

    @flow
    def inner() -> int:
        return step(1) + step(2)

    @flow
    def outer() -> int:
        return step(0) + inner()

    with pytest.raises(ValueError, match="wrong"):
        outer()
    broken = False
    assert again(weft_flows, outer).value == 3
    assert ran == [0, 1, 2]


def test_a_rerun_asks_no_question_again_that_was_answered(weft_flows) -> None:
    broken = True

    @task
    def act(really: bool) -> str:
        if broken:
            raise ValueError("wrong")
        return f"acted {really}"

    @flow
    def asking() -> str:
        return act(suspend(bool))

    with pytest.raises(Suspended):
        asking()
    weft_flows.answer(True)
    with pytest.raises(ValueError, match="wrong"):
        weft_flows.resume(asking)
    broken = False
    assert again(weft_flows, asking).value == "acted True"
    assert weft_flows.ledger.verify().passed


def test_a_rerun_that_dies_or_fails_too_loses_nothing(weft_flows) -> None:
    ran: list[int] = []
    broken = {2, 4}

    @task
    def step(number: int) -> int:
        if number in broken:
            broken.remove(number)
            raise ValueError(f"wrong {number}")
        ran.append(number)
        return number

    @flow
    def steps() -> int:
        return sum(step(number) for number in range(6))

    with pytest.raises(ValueError, match="wrong 2"):
        steps()
    assert str(again(weft_flows, steps).error) == "wrong 4"
    assert again(weft_flows, steps).value == 15
    assert ran == [0, 1, 2, 3, 4, 5]


def test_a_rerun_of_a_flow_that_changed_runs_anew_from_there(weft_flows, capsys) -> None:
    ran: list[int] = []
    numbers = [0, 1, 2]

    @task
    def step(number: int) -> int:
        ran.append(number)
        return number

    @flow
    def steps() -> None:
        for number in numbers:
            step(number)
        if numbers == [0, 1, 2]:
            raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        steps()
    numbers = [0, 7, 2]
    assert again(weft_flows, steps).outcome == "succeeded"
    assert ran == [0, 1, 2, 7, 2]
    assert "from there on it runs anew" in capsys.readouterr().err


PROGRAM = """
import os, pathlib, signal, sys
from weft import flow, task

HERE = pathlib.Path(__file__).parent

def note(text):
    with (HERE / "notes.txt").open("a") as file:
        file.write(text + "\\n")

@task
def step(number):
    note(f"step {number}")
    if number == 9 and not (HERE / "alive").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return number

@flow
def steps():
    step(1)
    step(CHANGED)
    step(9)
    return "done"
"""


def weft(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "WEFT_HOME"}
    command = [sys.executable, "-m", "weft", "-f", "steps.py", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_a_strict_resume_that_is_refused_leaves_the_run_to_be_resumed(tmp_path: Path) -> None:
    script = tmp_path / "steps.py"
    script.write_text(PROGRAM.replace("CHANGED", "2"))
    assert weft(tmp_path, "run", "steps").returncode == -signal.SIGKILL
    script.write_text(PROGRAM.replace("CHANGED", "3"))
    (tmp_path / "alive").touch()
    refused = weft(tmp_path, "resume", "last", "--strict")
    assert refused.returncode == 2, refused.stderr
    assert "The flow no longer matches its run: call 1 of step(…) has other inputs than before." in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "interrupted" in weft(tmp_path, "runs", "last").stdout
    again = weft(tmp_path, "resume", "last")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "notes.txt").read_text().split("\n")[:-1] == ["step 1", "step 2", "step 9", "step 3", "step 9"]
    ledger = sqlite.SqliteLedger(tmp_path / ".weft" / "ledger.db")
    assert [row.outcome for row in ledger.runs()] == ["succeeded"]
    assert ledger.verify().passed
    ledger.close()


def test_a_strict_resume_is_refused_also_where_the_flow_catches_the_error(weft_flows) -> None:
    numbers = [0, 1]

    @task
    def step(number: int) -> int:
        return number

    @flow
    def steps() -> None:
        for number in numbers:
            try:
                step(number)
            except Exception:  # as code that is to survive anything does
                print("went on")
        suspend()

    with pytest.raises(Suspended):
        steps()
    weft_flows.answer()
    numbers = [5, 1]
    with pytest.raises(errors.UsageError, match="The flow no longer matches its run"):
        weft_flows.resume(steps, strict=True)
    assert weft_flows.last().phase != "finished"
    numbers = [0, 1]
    weft_flows.resume(steps, strict=True)
    assert weft_flows.last().outcome == "succeeded"


SLOW = """
import datetime, pathlib, time
from weft import flow, task

HERE = pathlib.Path(__file__).parent

@task
def wait(day):
    print("waits", day, flush=True)
    if not (HERE / "waiting").exists():
        (HERE / "waiting").touch()
        time.sleep(60)
    return day.year

@task
def before():
    with (HERE / "notes.txt").open("a") as file:
        file.write("before ")

@flow
def waiting(day: datetime.date = datetime.date(2024, 1, 2)):
    before()
    return wait(day)
"""


def test_ctrl_c_cancels_the_call_under_way_and_a_rerun_keeps_the_rest_with_the_same_parameters(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(SLOW)
    environment = {name: value for name, value in os.environ.items() if name != "WEFT_HOME"}
    running = subprocess.Popen(
        [sys.executable, "-m", "weft", "-f", "steps.py", "run", "waiting"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    until = time.monotonic() + 60
    while not (tmp_path / "waiting").exists() and time.monotonic() < until:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, out + err
    ledger = sqlite.SqliteLedger(tmp_path / ".weft" / "ledger.db")
    (run,) = ledger.runs()
    ends = {row.step: row.outcome for row in ledger.step_runs(run.id)}
    assert (run.outcome, ends) == ("cancelled", {"waiting:before": "succeeded", "waiting:wait": "cancelled"})
    ledger.close()
    assert "waits 2024-01-02\n" in weft(tmp_path, "logs", "last", "wait").stdout
    again = weft(tmp_path, "rerun", "last", "--from-failed")
    assert again.returncode == 0, again.stderr
    assert "returned 2024" in again.stdout
    assert (tmp_path / "notes.txt").read_text() == "before "


def test_the_command_for_a_failed_flow_keeps_what_succeeded(tmp_path: Path) -> None:
    script = tmp_path / "steps.py"
    script.write_text(PROGRAM.replace("CHANGED", "None or missing"))
    (tmp_path / "alive").touch()
    failed = weft(tmp_path, "run", "steps")
    assert failed.returncode == 1
    assert "--from-failed` runs it again and keeps the calls that succeeded" in failed.stdout + failed.stderr
    script.write_text(PROGRAM.replace("CHANGED", "2"))
    again = weft(tmp_path, "rerun", "last", "--from-failed")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "notes.txt").read_text().split("\n")[:-1] == ["step 1", "step 2", "step 9"]
    refused = weft(tmp_path, "rerun", "last", "--only", "step")
    assert refused.returncode == 2
    assert "--from-failed keeps the calls that succeeded" in refused.stderr
