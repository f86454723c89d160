"""Threads of bodies that are told to end at any moment: the body hears of it, and nothing else does."""

from __future__ import annotations

import threading
import time

from weft.worker import cancelling


def test_a_body_that_is_told_to_end_cleans_up():
    begun, told = threading.Event(), []

    def body():
        begun.set()
        try:
            while True:
                time.sleep(0.001)
        except cancelling.Cancelled:
            told.append("cleaned up")
            raise

    thread = cancelling.BodyThread(body, "body")
    thread.start()
    assert begun.wait(60)
    thread.tell_to_end()
    thread.tell_to_end()
    thread.join(60)
    assert told == ["cleaned up"]


def test_a_body_whose_time_was_over_before_it_began_does_not_begin():
    ran = []
    thread = cancelling.BodyThread(lambda: ran.append(1), "body")
    thread.tell_to_end()
    thread.start()
    thread.join(60)
    assert ran == []


def test_one_that_ends_just_then_raises_into_nothing(monkeypatch):
    unhandled = []
    monkeypatch.setattr(threading, "excepthook", unhandled.append)
    for number in range(500):
        thread = cancelling.BodyThread(lambda: None, "body")
        thread.start()
        for _ in range(number % 100):
            pass
        thread.tell_to_end()
        thread.join(60)
        assert not thread.is_alive()
    assert unhandled == []
