"""Attempts in threads that are cancelled and time out at any moment: each is reported once, and nothing hangs."""

import random
import threading
import time

import pytest

from weft.executors import thread
from weft.testing import executor_conformance

PATIENCE = 60.0


@pytest.mark.parametrize("seed", range(6))
def test_each_attempt_is_reported_once_whatever_is_cancelled_and_when(tmp_path, seed):
    chance = random.Random(seed)
    definitions = executor_conformance.definitions(str(tmp_path / "values"))
    running = thread.ThreadExecutor(definitions, jobs=3, logs_folder=tmp_path / "logs", grace=0.2)
    running.start()
    left = list(range(150))
    under_way: set[int] = set()
    reported: list[int] = []
    until = time.monotonic() + PATIENCE
    try:
        while left or under_way:
            assert time.monotonic() < until, f"never reported: {sorted(under_way)}"
            while left and running.room(exclusive=False):
                number = left.pop()
                sleeps = chance.random() < 0.3
                body = "sleeps" if sleeps else "returns_its_partition"
                timeout = chance.choice([0.001, 0.01, 0.03]) if sleeps else None
                running.submit([executor_conformance.assignment(number, body, "p", timeout=timeout)])
                under_way.add(number)
            if chance.random() < 0.5 and under_way:
                chosen = chance.sample(sorted(under_way), min(3, len(under_way)))
                running.cancel(chosen, kill=chance.random() < 0.3)
            for report in running.poll(chance.choice([0, 0.001, 0.02])):
                assert report.outcome in {"succeeded", "cancelled", "timed_out"}, report
                under_way.remove(report.id)
                reported.append(report.id)
    finally:
        running.close()
    assert sorted(reported) == list(range(150))


def test_closing_ends_what_runs_and_does_not_wait_for_what_does_not_end(tmp_path):
    definitions = executor_conformance.definitions(str(tmp_path / "values"))
    running = thread.ThreadExecutor(definitions, jobs=2, grace=0.2)
    running.start()
    running.submit([executor_conformance.assignment(n, "sleeps", "p") for n in range(2)])
    running.close()  # they sleep for longer than a test may take


def test_what_is_queued_while_a_thread_that_was_told_to_end_still_ends_is_taken_by_another(tmp_path):
    queued = threading.Event()

    class SlowToEnd(thread.ThreadExecutor):
        def _hand_back(self, told, place):
            queued.wait(PATIENCE)
            super()._hand_back(told, place)

    running = SlowToEnd(executor_conformance.definitions(str(tmp_path / "values")), jobs=1, grace=0.2)
    running.start()
    try:
        running.submit([executor_conformance.assignment(1, "sleeps", "p")])
        (begun,) = running._flights.values()
        while begun.thread is None:
            time.sleep(0.001)
        running.cancel([1], kill=False)
        assert [each.outcome for each in running.poll(PATIENCE)] == ["cancelled"]
        running.submit([executor_conformance.assignment(2, "returns_its_partition", "p")])
        threading.Timer(0.1, queued.set).start()  # once it is polled: who hands back has to wake the poll
        assert [each.outcome for each in running.poll(PATIENCE / 2)] == ["succeeded"]
    finally:
        queued.set()
        running.close()
