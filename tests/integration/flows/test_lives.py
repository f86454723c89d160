"""Flows that die, wait or are interrupted, and go on; flows on worker processes. Real processes and a real ledger."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pydantic
import pytest

from weft import Suspended, flow, pause, suspend, task, transaction
from weft.model import errors, events
from weft.stores import sqlite


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(Path(__file__).with_name("flow_project.py"), tmp_path / "pipelines.py")
    return tmp_path


def run(project: Path, *arguments: str, program: str = "") -> subprocess.CompletedProcess[str]:
    command = ["-c", program] if program else ["pipelines.py", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "WEFT_HOME"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=60,
    )


def notes(project: Path) -> list[str]:
    file = project / "notes.txt"
    return file.read_text().split("\n")[:-1] if file.exists() else []


def test_a_killed_flow_resumes_within_its_subflow_and_repeats_nothing_that_succeeded(project: Path) -> None:
    assert run(project, "mortal", "1").returncode == -signal.SIGKILL
    before = notes(project)
    assert before[-1] == "die inside"
    ledger = sqlite.SqliteLedger(project / ".weft" / "ledger.db")
    parent = next(row for row in ledger.runs() if not row.parent)
    child = next(row for row in ledger.runs() if row.parent)
    ledger.close()
    (project / "alive").touch()
    again = run(project, program=f"import pipelines; print(pipelines.mortal.resume({parent.id[:8]!r}))")
    assert again.stdout == "[1, 10, 20, 7]\n", again.stderr
    assert notes(project) == [*before, "die inside"]
    ledger = sqlite.SqliteLedger(project / ".weft" / "ledger.db")
    assert {row.id: row.outcome for row in ledger.runs()} == {parent.id: "succeeded", child.id: "succeeded"}
    assert ledger.verify().passed
    ledger.close()


@pytest.mark.parametrize(("call", "when"), [(0, "before"), (1, "after"), (3, "after"), (5, "before")])
def test_wherever_a_flow_is_killed_only_the_calls_under_way_run_twice(project: Path, call: int, when: str) -> None:
    (project / "kill").write_text(f"{call} {when}")
    assert run(project, "counting", "3").returncode == -signal.SIGKILL
    ledger = sqlite.SqliteLedger(project / ".weft" / "ledger.db")
    (row,) = ledger.runs()
    under_way = {step.item for step in ledger.step_runs(row.id) if step.phase == "running"}
    ledger.close()
    again = run(project, program=f"import pipelines; print(pipelines.counting.resume({row.id!r}))")
    assert again.stdout == "15\n", again.stderr
    ran = notes(project)
    assert set(ran) == {f"count {number}" for number in range(6)}
    assert len(ran) - len(set(ran)) <= len(under_way)
    ledger = sqlite.SqliteLedger(project / ".weft" / "ledger.db")
    assert ledger.verify().passed
    assert {step.outcome for step in ledger.step_runs(row.id)} == {"succeeded"}
    succeeded = [event.item for _, _, event in ledger.events(row.id) if isinstance(event, events.StepSucceeded)]
    assert sorted(succeeded) == sorted(set(succeeded))
    ledger.close()


def test_a_new_call_of_a_flow_that_died_says_how_to_resume_and_starts_anew(project: Path) -> None:
    run(project, "mortal", "1")
    (project / "alive").touch()
    again = run(project, "mortal", "1")
    assert again.stdout == "[1, 10, 20, 7]\n"
    assert "an earlier run of mortal with these parameters died; weft resume" in again.stderr
    assert notes(project).count("extract 1") == 2


def test_a_flow_that_changed_says_where_and_runs_anew_from_there(project: Path) -> None:
    run(project, "mortal", "1")
    source = (project / "pipelines.py").read_text()
    (project / "pipelines.py").write_text(source.replace("deep = inner(7)", "deep = transform([7])"))
    ledger = sqlite.SqliteLedger(project / ".weft" / "ledger.db")
    parent = next(row for row in ledger.runs() if not row.parent)
    ledger.close()
    strict = run(project, program=f"import pipelines; pipelines.mortal.resume({parent.id!r}, strict=True)")
    assert "no longer matches its run: call 2 was inner(…) and is now transform(…)" in strict.stderr
    assert strict.returncode == 1


def test_resuming_a_changed_flow_without_strict_goes_on(project: Path) -> None:
    run(project, "mortal", "1")
    source = (project / "pipelines.py").read_text()
    (project / "pipelines.py").write_text(source.replace("deep = inner(7)", "deep = transform([7])"))
    ledger = sqlite.SqliteLedger(project / ".weft" / "ledger.db")
    parent = next(row for row in ledger.runs() if not row.parent)
    ledger.close()
    again = run(project, program=f"import pipelines; print(pipelines.mortal.resume({parent.id!r}))")
    assert again.stdout == "[1, 10, 20, 7]\n", again.stderr
    assert "call 2 was inner(…) and is now transform(…); from there on it runs anew" in again.stderr
    assert notes(project).count("extract 1") == 1


def test_a_finished_run_never_reopens(weft_flows) -> None:
    @flow
    def done() -> int:
        return 1

    done()
    with pytest.raises(errors.UsageError, match="has finished"):
        done.resume(weft_flows.last().id)
    with pytest.raises(errors.UsageError, match="No run begins with 'nope'"):
        done.resume("nope")


def test_a_run_whose_process_lives_is_not_resumed(weft_flows) -> None:
    @flow
    def alive() -> str:
        with pytest.raises(errors.UsageError, match="is under way in process"):
            alive.resume(weft_flows.last().id)
        return "ended"

    assert alive() == "ended"


def test_ctrl_c_cancels_the_run(project: Path) -> None:
    process = subprocess.Popen([sys.executable, "pipelines.py", "long"], cwd=project, stderr=subprocess.PIPE)
    while "long began" not in notes(project):
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert b"KeyboardInterrupt" in told
    assert notes(project)[-1] == "long ended"
    ledger = sqlite.SqliteLedger(project / ".weft" / "ledger.db")
    assert [row.outcome for row in ledger.runs()] == ["cancelled"]
    ledger.close()


def test_calls_run_on_worker_processes_also_those_of_a_script(project: Path) -> None:
    done = run(project, "squares", "50")
    assert done.stdout == f"{[each * each for each in range(50)]}\n", done.stderr


def test_a_worker_that_dies_is_replaced_and_a_failure_in_one_raises_in_the_flow(project: Path) -> None:
    done = run(project, "failures")
    assert done.stdout == "['a', 'b', 'wrong 3']\n", done.stderr


@task
def hold(lock: object) -> None:
    """A task that a worker process could find."""


UNGUARDED = """
from __future__ import annotations
import sys
from weft import flow, task

WANTED = int(sys.argv[1])

@task
def one(number: int) -> int:
    return number + 1

@flow(executor="process", max_workers=2)
def first(count: int) -> int:
    return sum(one.map(range(count)).result())

print(first(WANTED))
FACTOR = 3
after = FACTOR + 1

@task
def two(number: int) -> int:
    return FACTOR * number

@flow(executor="process", max_workers=2)
def second(count: int) -> int:
    return sum(two.map(range(count)).result())

print(second(WANTED))
"""


def test_a_script_without_a_guard_runs_its_flows_once_on_worker_processes(project: Path) -> None:
    (project / "pipelines.py").write_text(UNGUARDED)
    ran = run(project, "4")
    assert ran.stdout == "10\n18\n", ran.stderr
    with_ledger = sqlite.SqliteLedger(project / ".weft" / "ledger.db")
    assert [row.pipeline for row in with_ledger.runs()] == ["second", "first"]
    with_ledger.close()


def test_a_module_that_is_run_in_its_package_finds_its_tasks_on_worker_processes(project: Path) -> None:
    package = project / "shop" / "inner"
    package.mkdir(parents=True)
    (project / "shop" / "helping.py").write_text("from weft import task\n\n@task\ndef h(x):\n    return x * 100\n")
    (package / "selling.py").write_text(
        "from ..helping import h\nfrom weft import flow, task\n\n@task\ndef own(x):\n    return h(x) + 1\n\n"
        "@flow(executor='process')\ndef selling():\n    return own.map([1, 2]).result() + h.map([3]).result()\n\n"
        "print(selling())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "shop.inner.selling"], cwd=project, capture_output=True, text=True, timeout=60
    )
    assert ran.stdout == "[101, 201, 300]\n", ran.stderr


INTERRUPTED = """
import threading, time
from pathlib import Path
from weft import flow, task

def begun() -> None:
    Path(__file__).with_name("begun").touch()

@task
def endless(number: int) -> int:
    begun()
    time.sleep(60)
    return number

@task(retries=3, retry_delay=60)
def failing() -> None:
    threading.Timer(0.3, begun).start()
    raise ValueError

@flow
def direct():
    endless(1)

@flow
def mapped():
    endless.map(range(3)).result()

@flow(executor="process", max_workers=2)
def processes():
    endless.map(range(3)).result()

@flow
def waiting():
    failing()

@flow
def outer():
    direct()

@flow(retries=3, retry_delay=60)
def tried():
    threading.Timer(0.3, begun).start()
    raise ValueError

@flow(timeout=60)
def timed():
    endless(1)

if __name__ == "__main__":
    import sys
    globals()[sys.argv[1]]()
"""


@pytest.mark.parametrize("name", ["direct", "mapped", "processes", "waiting", "outer", "tried", "timed"])
def test_a_flow_that_is_interrupted_ends_as_cancelled(project: Path, name: str) -> None:
    (project / "pipelines.py").write_text(INTERRUPTED)
    process = subprocess.Popen(
        [sys.executable, "pipelines.py", name],
        cwd=project,
        stderr=subprocess.PIPE,
        text=True,
        env={key: value for key, value in os.environ.items() if key != "WEFT_HOME"},
    )
    until = time.monotonic() + 60
    while not (project / "begun").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert told.rstrip().endswith("KeyboardInterrupt")
    ledger = sqlite.SqliteLedger(project / ".weft" / "ledger.db")
    assert {row.outcome for row in ledger.runs()} == {"cancelled"}
    assert all(row.phase == "finished" for run in ledger.runs() for row in ledger.step_runs(run.id))
    assert ledger.verify().passed
    ledger.close()


def test_an_argument_that_no_process_can_be_given_is_named(weft_flows) -> None:
    @flow
    def passing() -> None:
        hold.with_options(executor="process").submit(threading.Lock()).result()

    with pytest.raises(errors.StorageError, match="argument 'lock' of the task 'hold' can't be passed to a process"):
        passing()


def test_a_task_that_no_process_can_find_is_an_error_at_once(weft_flows) -> None:
    @task(executor="process")
    def nested() -> int:
        return 1

    @flow
    def calling() -> int:
        return nested()

    with pytest.raises(errors.UsageError, match="'nested' can't run in a process: it is defined inside of a function"):
        calling()


class Approval(pydantic.BaseModel):
    approved: bool
    note: str = ""


def test_a_paused_flow_waits_for_a_valid_answer(weft_flows) -> None:
    @flow
    def asking() -> tuple[bool, int]:
        answer = pause(Approval, message="Shall it go on?")
        return [answer.approved, pause(int, key="count")]

    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(asking()))
    thread.start()
    wait_for_question(weft_flows, "input-0")
    with pytest.raises(errors.UsageError, match="approved is 'maybe', but must be of the type boolean; x is no field"):
        weft_flows.answer({"approved": "maybe", "x": 1})
    with pytest.raises(errors.UsageError, match="approved is missing"):
        weft_flows.answer({})
    weft_flows.answer({"approved": True})
    wait_for_question(weft_flows, "count")
    weft_flows.answer(3)
    thread.join()
    assert found == [[True, 3]]


def wait_for_question(home, key: str) -> None:
    while not any(each.key == key for each in asked(home)):
        time.sleep(0.005)


def asked(home) -> list:
    with home.place.lock:
        return home.ledger.input_requests(open_only=True)


def test_a_pause_that_nobody_answers_times_out(weft_flows) -> None:
    @flow
    def asking() -> None:
        pause(timeout=0.05)

    with pytest.raises(TimeoutError, match="Nobody answered"):
        asking()
    assert weft_flows.last().outcome == "failed"


def test_a_suspended_flow_leaves_and_goes_on_once_it_is_answered(weft_flows) -> None:
    ran = []

    @task
    def step(name: str) -> str:
        ran.append(name)
        return name

    @flow
    def inner() -> bool:
        return suspend(bool, key="go")

    @flow
    def approving() -> list[object]:
        return [step("before"), inner(), step("after")]

    state = approving(return_state=True)
    assert state.phase == "suspended"
    assert weft_flows.last().phase == "suspended"
    with pytest.raises(errors.UsageError, match="waits for an answer to 'go'"):
        weft_flows.resume(approving)
    weft_flows.answer(True)
    assert weft_flows.resume(approving) == ["before", True, "after"]
    assert ran == ["before", "after"]
    assert {row.outcome for row in weft_flows.runs()} == {"succeeded"}


def test_a_suspended_flow_leaves_a_script_quietly(weft_flows) -> None:
    @flow
    def leaving() -> None:
        suspend()

    with pytest.raises(Suspended) as caught:
        leaving()
    assert caught.value.code == 0


def test_a_transaction_that_fails_undoes_what_succeeded_the_last_first(weft_flows) -> None:
    told = []

    @task
    def write(name: str) -> str:
        return name

    @write.on_rollback
    def undo(txn) -> None:
        told.append(("undo", txn.get("place")))

    @write.on_commit
    def done(txn) -> None:
        told.append(("done", txn.get("place")))

    @flow
    def moving(fail: bool) -> None:
        with transaction() as txn:
            txn.set("place", "outer")
            write("a")
            with transaction() as inner:
                inner.set("place", "inner")
                write("b")
            if fail:
                raise RuntimeError("late")

    moving(False)
    assert told == [("done", "outer"), ("done", "inner")]
    told.clear()
    with pytest.raises(RuntimeError, match="late"):
        moving(True)
    assert told == [("undo", "inner"), ("undo", "outer")]
    assert weft_flows.steps() == {"write#0": "rolled_back", "write#1": "rolled_back"}


def test_a_transaction_with_a_key_is_committed_once(weft_flows) -> None:
    ran = []

    @flow
    def loading() -> None:
        with transaction(key="load-1") as txn:
            if txn.is_committed():
                return
            ran.append(1)

    loading()
    loading()
    assert ran == [1]
