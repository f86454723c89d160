"""What only real processes show: being killed, interrupted, and two at once. They wait on what the bodies write."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

MANY = """
    import time
    parts = StaticPartitions([f"p{number:03}" for number in range(300)])

    def note(text):
        with Path(__file__).with_name("journal").open("a") as journal:
            journal.write(text + "\\n")

    @asset(partitions=parts)
    def many(context) -> str:
        note(context.partition_key)
        time.sleep(0.002)
        return context.partition_key

    @asset
    def joined(many: dict[str, str]) -> int:
        note("joined")
        return len(many)
"""

HANGING = """
    import time

    def note(text):
        with Path(__file__).with_name("journal").open("a") as journal:
            journal.write(text + "\\n")

    @asset
    def first() -> int:
        note("first")
        gate = Path(__file__).with_name("gate")
        for _ in range(30_000):  # longer than a test may take
            if gate.exists():
                break
            time.sleep(0.01)
        note("first-done")
        return 1

    @asset
    def second(first: int) -> int:
        note("second")
        return first
"""


def succeeded(project, run="last"):
    """How often each step run succeeded, by the log of events."""
    counts: Counter[tuple[str, str | None]] = Counter()
    for line in project.ok("ledger", "events", "--json").out.splitlines():
        event = json.loads(line)
        if event["type"] == "StepSucceeded":
            counts[event["step"], event.get("partition")] += 1
    return counts


@pytest.mark.parametrize("executor", ["inline", "process"])
def test_after_kill_9_the_next_apply_goes_on_and_nothing_succeeds_twice(project, executor):
    project.define(MANY)
    process = project.start("apply", "--yes", "--executor", executor)
    project.wait_for_lines("journal", 100, process)
    process.kill()
    process.communicate()
    done_before = sum(succeeded(project).values())

    assert "interrupted" in project.ok("runs").out
    after = project.start("apply", "--yes", "--executor", executor)
    out, err = after.communicate()

    assert after.returncode == 0, err
    assert "was interrupted after" in err
    assert "(resumed)" in out + err
    counts = succeeded(project)
    assert len(counts) == 301
    assert set(counts.values()) == {1}
    assert done_before > 0
    assert len(project.ok("runs", "--json").json) == 1
    assert project.steps() == {}
    assert project.ok("ledger", "verify").code == 0


def test_after_kill_9_a_saved_plan_goes_on_when_it_is_applied_again(project):
    project.define(MANY)
    project.ok("plan", "-o", "plan.json")
    process = project.start("apply", "plan.json", "--yes")
    project.wait_for_lines("journal", 100, process)
    process.kill()
    process.communicate()

    assert "(resumed)" in project.ok("apply", "plan.json", "--yes").out

    assert set(succeeded(project).values()) == {1}
    assert project.weft("apply", "plan.json", "--yes").code == 3


def test_after_kill_9_another_request_ends_the_dead_run_and_keeps_what_it_finished(project):
    project.define(MANY)
    process = project.start("apply", "--yes")
    project.wait_for_lines("journal", 100, process)
    process.kill()
    process.communicate()

    project.ok("apply", "many", "--yes")

    runs = project.ok("runs", "--json").json
    assert [run["outcome"] for run in runs] == ["succeeded", "crashed"]
    assert set(succeeded(project).values()) == {1}


def test_two_applies_at_once_run_each_body_once(project):
    project.define(MANY)
    both = [project.start("apply", "--yes", "--executor", "process") for _ in range(2)]
    answers = [each.communicate() for each in both]

    assert [each.returncode for each in both] == [0, 0], answers
    assert Counter(project.lines("journal")) == Counter([*(f"p{number:03}" for number in range(300)), "joined"])
    assert set(succeeded(project).values()) == {1}


def test_an_apply_that_is_not_to_wait_is_refused_naming_the_holder(project):
    project.define(HANGING)
    first = project.start("apply", "--yes")
    project.wait_for_lines("journal", 1, first)
    run = project.ok("runs", "--json").json[0]["id"]

    # what another run is making is left alone by an apply, so ask for it by force
    second = project.weft("materialize", "first", "--no-wait")

    assert second.code == 1
    assert run[:8] in second.err
    (project.folder / "gate").touch()
    assert first.wait() == 0


@pytest.mark.parametrize(
    ("number", "executor"), [(signal.SIGINT, "process"), (signal.SIGTERM, "process"), (signal.SIGINT, "inline")]
)
def test_one_interruption_lets_what_runs_finish_and_records_it(project, number, executor):
    project.define(HANGING)
    process = project.start("apply", "--yes", "--executor", executor)
    project.wait_for_lines("journal", 1, process)
    process.send_signal(number)
    (project.folder / "gate").touch()
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert "inishing what runs" in err
    assert project.lines("journal") == ["first", "first-done"]
    run = project.ok("runs", "--json").json[0]
    assert (run["phase"], run["outcome"], run["succeeded"]) == ("finished", "cancelled", 1)
    assert list(project.steps()) == ["second"]


@pytest.mark.parametrize("executor", ["process", "inline"])
def test_two_interruptions_kill_what_runs_and_record_it(project, executor):
    project.define(HANGING)
    process = project.start("apply", "--yes", "--executor", executor)
    project.wait_for_lines("journal", 1, process)
    process.send_signal(signal.SIGINT)
    while "again" not in (line := process.stderr.readline()):
        assert line, process.communicate()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)  # the body itself takes longer

    assert process.returncode == 130
    assert project.lines("journal") == ["first"]
    run = project.ok("runs", "--json").json[0]
    assert (run["outcome"], run["succeeded"]) == ("cancelled", 0)
    assert list(project.steps()) == ["first", "second"]


def test_a_request_to_end_is_recorded_before_the_end_that_it_led_to(project):
    project.define(HANGING)
    process = project.start("apply", "--yes", "--executor", "inline")
    project.wait_for_lines("journal", 1, process)
    process.send_signal(signal.SIGINT)
    while "again" not in (line := process.stderr.readline()):
        assert line, process.communicate()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    assert project.ok("runs", "--json").json[0]["phase"] == "finished"


def on_a_terminal(project, *arguments, answers=(), ready=lambda: True, insist=False, environment=None):
    """Run a command line on a terminal of its own, answering what it writes; its exit code, and what was seen.

    Python loses a Ctrl-C that comes between its prompt and its read: who insists presses again when nothing comes.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "weft", *arguments], cwd=project.folder, stdin=theirs, stdout=theirs, stderr=theirs,
        preexec_fn=lambda: (os.setsid(), __import__("fcntl").ioctl(0, 0x540E, 0)),
        env={**os.environ, "TERM": "xterm", **(environment or {})},
    )  # fmt: skip
    os.close(theirs)
    everything = seen = b""
    waiting = list(answers)
    given = ""
    quiet_since = time.monotonic()
    while True:
        if not select.select([ours], [], [], 1)[0]:
            assert time.monotonic() - quiet_since < 60, (process.kill(), everything + seen)
            if insist and given:
                os.write(ours, given.encode())
            continue
        try:
            chunk = os.read(ours, 1000)
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
        quiet_since = time.monotonic()
        seen += chunk
        if waiting and ready() and (found := re.search(waiting[0][0].encode(), seen, re.DOTALL)):
            seen_before, seen = seen[: found.end()], seen[found.end() :]
            everything += seen_before
            given = waiting.pop(0)[1]
            os.write(ours, given.encode())
    os.close(ours)
    assert not waiting, seen
    return process.wait(60), (everything + seen).decode()


@pytest.mark.parametrize(("answer", "ran"), [("y\n", True), ("n\n", False), ("\x03", False)])
def test_on_a_terminal_apply_shows_the_plan_and_asks(project, answer, ran):
    project.define("@asset\ndef one() -> int:\n    return 1\n")
    code, seen = on_a_terminal(project, "apply", answers=[(r"Run it\?", answer)], insist=answer == "\x03")

    assert "missing" in seen
    assert code == (130 if answer == "\x03" else 0), seen
    assert bool(project.ok("runs", "--json").json) == ran


@pytest.mark.parametrize("executor", ["process", "inline"])
def test_ctrl_c_twice_on_a_terminal_gives_the_cursor_back(project, executor):
    project.define(HANGING)
    answers = [(r"\?25l", "\x03"), ("Ctrl-C again", "\x03")]
    code, seen = on_a_terminal(
        project, "apply", "--yes", "--executor", executor, answers=answers, ready=lambda: project.lines("journal")
    )

    assert code == 130
    assert seen.rindex("\x1b[?25h") > seen.rindex("\x1b[?25l")
    assert "Cancelled: 0 succeeded" in seen


def test_the_bar_is_no_part_of_what_a_body_printed(project):
    body = "\n    import time\n    print('printed')\n    time.sleep(0.3)  # some frames of the bar\n    return 1\n"
    project.define(f"@asset\ndef one() -> int:{body}")
    assert on_a_terminal(project, "apply", "--yes", "--executor", "inline")[0] == 0
    assert project.ok("logs", "one", "--json").json[0]["text"] == "printed\n"


def test_a_terminal_has_colours_unless_they_are_declined(project):
    project.define("@asset\ndef one() -> int:\n    return 1\n")
    assert "\x1b[34m" in on_a_terminal(project, "status")[1]
    plain = on_a_terminal(project, "status", environment={"NO_COLOR": "1"})[1]
    assert "\x1b" not in plain
    assert "□ missing" in plain


def test_the_order_is_natural_where_both_streams_go_one_way(chain):
    command = [sys.executable, "-m", "weft", "apply", "--yes"]
    done = subprocess.run(
        command, cwd=chain.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    told = [line.split()[0] for line in done.stdout.splitlines()]
    assert told == ["+", "+", "+", "11", "Run", "Done:"]
