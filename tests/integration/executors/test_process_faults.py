import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import faulty_bodies
import pytest
from faulty_bodies import assignment, drive, make, started
from tests import living

from weft.executors import settings
from weft.model import errors
from weft.testing import executor_conformance

PATIENCE = executor_conformance.PATIENCE


def pipe_in(folder: Path) -> Path:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    return pipe


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("segfaults", "killed by signal 11 (SIGSEGV)"),
        ("leaves", "left with os._exit(3)"),
        ("leaves_as_if_well", "left with os._exit(0)"),
        ("kills_itself", "killed by SIGKILL: out of memory, or somebody ended it"),
    ],
)
def test_a_body_that_ends_its_process_is_one_crashed_attempt_with_a_cause(tmp_path, body, cause):
    with started(tmp_path) as running:
        (report,) = drive(running, [assignment(1, body)])
        others = drive(running, [assignment(number, "quick", f"p{number}") for number in range(2, 30)])
    assert report.outcome == "crashed"
    assert cause in report.error.message
    assert {each.outcome for each in others} == {"succeeded"}


def test_the_last_words_before_a_crash_are_kept_with_the_python_traceback(tmp_path):
    with started(tmp_path) as running:
        (report,) = drive(running, [assignment(1, "segfaults")])
    text = faulty_bodies.text_of(tmp_path, report.log)
    assert text.startswith("last words\nfrom the descriptor\n")
    assert "Fatal Python error: Segmentation fault" in text
    assert "in segfaults" in text


def test_what_was_queued_behind_a_crash_is_unstarted_and_nothing_else_is_lost(tmp_path):
    with started(tmp_path, jobs=1) as running:
        drive(running, [assignment(number, "quick", "p") for number in range(1000)])
        assert running.room(exclusive=False) > 20
        frame = [assignment(number, "leaves" if number == 5 else "quick", f"p{number}") for number in range(20)]
        running.submit(frame)
        reports = []
        while len(reports) < 20:
            reports.extend(running.poll(PATIENCE))
        outcomes = {each.id: each.outcome for each in reports}
        assert [outcomes[number] for number in range(5)] == ["succeeded"] * 5
        assert outcomes[5] == "crashed"
        assert {outcomes[number] for number in range(6, 20)} <= {"unstarted", "succeeded"}
        assert running.poll(0) == []


def test_a_worker_killed_from_outside_is_noticed_and_replaced(tmp_path):
    pipe = pipe_in(tmp_path)
    with started(tmp_path, jobs=1) as running:
        running.submit([assignment(1, "tells_pid_and_waits", str(pipe))])
        pid = int(pipe.read_text())
        os.kill(pid, signal.SIGKILL)
        (report,) = running.poll(PATIENCE)
        (after,) = drive(running, [assignment(2, "tells_its_pid")])
    assert (report.outcome, after.outcome) == ("crashed", "succeeded")
    assert int(after.outputs[0].value.inline) != pid


def test_a_killed_zygote_is_replaced_and_its_running_body_is_reported_as_lost(tmp_path):
    pipe = pipe_in(tmp_path)
    with started(tmp_path, jobs=1) as running:
        running.submit([assignment(1, "tells_pid_and_waits", str(pipe))])
        worker = int(pipe.read_text())
        zygote = running.processes["zygote"]
        os.kill(zygote, signal.SIGKILL)
        (report,) = running.poll(PATIENCE)
        living.wait_until_ended(worker)
        (after,) = drive(running, [assignment(2, "quick", "p")])
        assert running.processes["zygote"] != zygote
    assert report.outcome == "lost"
    assert "forks the workers was killed" in report.error.message
    assert after.outcome == "succeeded"


@pytest.mark.parametrize("body", ["hangs_in_c", "swallows_cancellation"])
def test_a_timeout_ends_a_body_that_nothing_else_can_end(tmp_path, body):
    with started(tmp_path) as running:
        (report,) = drive(running, [assignment(1, body, timeout=0.1, exclusive=True)])
        (after,) = drive(running, [assignment(2, "quick", "p")])
    assert report.outcome == "timed_out"
    assert "timeout of 0.1 s" in report.error.message
    assert report.duration >= 100_000
    assert after.outcome == "succeeded"


def test_cancelling_with_kill_ends_a_body_that_hangs_in_c(tmp_path):
    pipe = pipe_in(tmp_path)
    with started(tmp_path) as running:
        running.submit([assignment(1, "hangs_in_c_telling", str(pipe))])
        pid = int(pipe.read_text())
        running.cancel([1], kill=False)
        running.cancel([1], kill=True)
        (report,) = running.poll(PATIENCE)
        living.wait_until_ended(pid)
    assert report.outcome == "cancelled"


def test_closing_ends_a_hanging_body_and_all_that_bodies_started(tmp_path):
    pipe = pipe_in(tmp_path)
    running = make(tmp_path)
    running.start()
    running.submit([assignment(1, "starts_children_and_waits", str(pipe)), assignment(2, "hangs_in_c")])
    pids = [int(each) for each in pipe.read_text().split()]
    running.close()
    for pid in pids:
        living.wait_until_ended(pid)


def test_an_executor_closes_while_others_that_were_started_after_it_live(tmp_path):
    # Those were forked with its sockets open: that it closes them must reach its processes all the same.
    older, newer = make(tmp_path), make(tmp_path)
    older.start()
    newer.start()
    try:
        drive(older, [assignment(1, "quick", "p")])
        drive(newer, [assignment(1, "quick", "p")])
        closing = threading.Thread(target=older.close, daemon=True)
        closing.start()
        closing.join(PATIENCE)
        assert not closing.is_alive(), "it waits for processes that nobody told to end"
        (after,) = drive(newer, [assignment(2, "quick", "p")])
    finally:
        newer.close()
    assert after.outcome == "succeeded"


def test_what_a_crashed_body_started_ends_with_it(tmp_path):
    pipe = pipe_in(tmp_path)
    with started(tmp_path) as running:
        running.submit([assignment(1, "starts_a_child_and_crashes", str(pipe))])
        child = int(pipe.read_text())
        (report,) = running.poll(PATIENCE)
        living.wait_until_ended(child)
    assert report.outcome == "crashed"


def test_a_forked_child_that_comes_back_out_of_a_body_reports_nothing(tmp_path):
    with started(tmp_path) as running:
        reports = drive(running, [assignment(number, "forks_and_returns") for number in range(3)])
        (after,) = drive(running, [assignment(9, "quick", "p")])
        assert running.poll(0) == []
    assert [each.outputs[0].value.inline for each in reports] == [b"1"] * 3
    assert after.outcome == "succeeded"


def test_a_body_that_closes_the_workers_socket_is_a_crash_and_not_a_hung_run(tmp_path):
    with started(tmp_path) as running:
        (report,) = drive(running, [assignment(1, "closes_all_descriptors")])
        (after,) = drive(running, [assignment(2, "quick", "p")])
    assert report.outcome == "crashed"
    assert after.outcome == "succeeded"


DRIVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import faulty_bodies
from faulty_bodies import assignment
running = faulty_bodies.make(Path(sys.argv[2]), start_method=sys.argv[4])
running.start()
assert running.start_method.method == sys.argv[4], running.start_method
print(*[each for each in running.processes.values() if each], flush=True)
running.submit([assignment(1, "starts_children_and_waits", sys.argv[3]), assignment(2, "hangs_in_c")])
running.poll(None)
"""


@pytest.mark.parametrize("method", ["forked", "spawned"])
def test_a_driver_killed_with_kill_9_leaves_no_process(tmp_path, method):
    pipe = pipe_in(tmp_path)
    here = str(Path(__file__).parent)
    driver = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(DRIVER), here, str(tmp_path), str(pipe), method], stdout=subprocess.PIPE
    )
    with driver:
        known = [int(each) for each in driver.stdout.readline().split()]
        pids = [int(each) for each in pipe.read_text().split()]
        driver.kill()
        driver.wait()
        for pid in known + pids:
            living.wait_until_ended(pid)
    assert len(pids) == 4
    assert known


def test_a_process_with_threads_spawns_its_workers_and_says_why(tmp_path):
    over = threading.Event()
    thread = threading.Thread(target=over.wait, daemon=True)
    thread.start()
    try:
        with started(tmp_path) as running:
            (report,) = drive(running, [assignment(1, "quick", "p")])
            assert running.start_method.method == "spawned"
            assert "threads" in running.start_method.reason
        with pytest.raises(errors.UsageError, match="no loader for fresh ones"):
            make(tmp_path, loader=None).start()
    finally:
        over.set()
        thread.join()
    assert report.outcome == "succeeded"


def test_definitions_that_do_not_load_in_a_worker_are_an_error_of_start(tmp_path):
    running = make(
        tmp_path, loader=settings.Loader(reference="faulty_bodies:broken_definitions"), start_method="spawned"
    )
    with pytest.raises(errors.WeftError, match="RuntimeError: the source is gone"):
        running.start()
    running.close()


def test_workers_are_recycled_after_their_number_of_attempts(tmp_path):
    with started(tmp_path, jobs=1, recycle_after=10) as running:
        reports = drive(running, [assignment(number, "tells_its_pid") for number in range(35)])
    assert {each.outcome for each in reports} == {"succeeded"}
    assert len({each.outputs[0].value.inline for each in reports}) >= 3


def test_the_workers_have_no_terminal_to_read_from_and_another_session(tmp_path):
    with started(tmp_path, jobs=1) as running:
        read, pid = drive(running, [assignment(1, "reads_stdin"), assignment(2, "tells_its_pid")])
        assert os.getsid(int(pid.outputs[0].value.inline)) != os.getsid(0)
    assert read.outputs[0].value.inline == b""
