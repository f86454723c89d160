import os
import signal
import time
from pathlib import Path

import faulty_bodies
import pytest
from faulty_bodies import assignment, drive

from weft.define import bodies
from weft.executors import inline
from weft.model import graph
from weft.storage import typed


def made_of(folder: Path, function) -> inline.InlineExecutor:
    body = bodies.StepBody(key="made", function=function, parameters=bodies.Parameters(context="context"))
    definitions = bodies.BuiltDefinitions(
        graph=graph.Graph(
            assets={"made": graph.Asset(key="made", step="made")},
            steps={"made": graph.Step(key="made", outputs=("made",), code="c1:made")},
        ),
        bodies={"made": body},
        io_managers={"default": typed.TypedStorage(folder / "values", durable=False)},
    )
    running = inline.InlineExecutor(definitions, logs_folder=folder / "logs")
    running.start()
    return running


def interrupting(context):
    """Be interrupted, as if from the keyboard, at once or as soon as Python may."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1000)


def test_ctrl_c_with_pythons_own_handler_is_a_cancelled_attempt(tmp_path):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        running = made_of(tmp_path, interrupting)
        (report,) = drive(running, [assignment(1, "made")])
        running.close()
    finally:
        signal.signal(signal.SIGINT, before)
    assert report.outcome == "cancelled"


def test_a_signal_handler_that_cancels_ends_the_running_body_and_the_queued_ones(tmp_path):
    running = made_of(tmp_path, lambda context: interrupting(context) if context.partition_key == "stop" else 1)
    drive(running, [assignment(number, "made", "p") for number in range(100)])
    before = signal.signal(signal.SIGINT, lambda *_: running.cancel([1, 2, 3], kill=False))
    try:
        running.submit([assignment(1, "made", "stop"), assignment(2, "made", "p"), assignment(3, "made", "p")])
        reports = []
        while len(reports) < 3:
            reports.extend(running.poll(None))
    finally:
        signal.signal(signal.SIGINT, before)
        running.close()
    assert sorted((each.id, each.outcome) for each in reports) == [(1, "cancelled"), (2, "cancelled"), (3, "cancelled")]


def test_a_frame_is_one_until_bodies_are_known_to_be_short(tmp_path):
    running = made_of(tmp_path, lambda context: 1)
    assert running.room(exclusive=False) == 1
    drive(running, [assignment(number, "made", "p") for number in range(600)])
    assert running.room(exclusive=False) > 50
    assert running.room(exclusive=True) == 1
    running.submit([assignment(1, "made", "p", exclusive=True)])
    assert running.room(exclusive=False) == 0
    running.close()


@pytest.mark.parametrize("jobs", [1, 2])
def test_room_comes_back_to_a_driver_that_waits_for_ever(tmp_path, jobs):
    with faulty_bodies.started(tmp_path, jobs=jobs, recycle_after=5) as running:
        left = [assignment(number, "quick", f"p{number}") for number in range(40)]
        reports = []
        while len(reports) < 40:
            frame = left[: running.room(exclusive=False)]
            left = left[len(frame) :]
            running.submit(frame)
            reports.extend(running.poll(None))
    assert {each.outcome for each in reports} == {"succeeded"}


def test_last_words_are_masked_and_kept_when_the_worker_crashes(tmp_path):
    with faulty_bodies.started(tmp_path, jobs=1, secrets=("descriptor",)) as running:
        (report,) = drive(running, [assignment(1, "segfaults")])
    text = faulty_bodies.text_of(tmp_path, report.log)
    assert "last words\nfrom the ***\n" in text
    assert "Segmentation fault" in text
