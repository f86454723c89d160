"""The bell: who waits for a ledger wakes when any process commits to it, and nobody has to hear it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from weft.model import control_events
from weft.stores import bell, sqlite

NOTE = control_events.IncidentNoted(incident="i", note="n")


def test_a_commit_of_another_process_wakes_who_waits(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = sqlite.SqliteLedger(path)
    news = ledger.listen()
    code = (
        "import sys, pathlib; from weft.stores import sqlite; from weft.model import control_events as c;"
        "sqlite.SqliteLedger(pathlib.Path(sys.argv[1])).append([c.IncidentNoted(incident='i', note='n')])"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert news.wait(60)
    assert not news.clear()
    news.close()
    ledger.close()


def test_what_was_rolled_back_wakes_nobody(tmp_path: Path) -> None:
    ledger = sqlite.SqliteLedger(tmp_path / "ledger.db")
    news = ledger.listen()
    try:
        with ledger.transaction() as transaction:
            transaction.append([NOTE])
            raise KeyError
    except KeyError:
        assert not news.wait(0)
    news.close()
    ledger.close()


def test_many_commits_are_one_piece_of_news(tmp_path: Path) -> None:
    ledger = sqlite.SqliteLedger(tmp_path / "ledger.db")
    news = ledger.listen()
    for _ in range(600):  # more than a socket's queue holds
        ledger.append([NOTE])
    assert news.wait(0)
    assert not news.wait(0)
    news.close()
    ledger.close()


def test_the_dead_are_forgotten_and_the_others_still_hear(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = sqlite.SqliteLedger(path)
    code = (
        "import sys, os, pathlib; from weft.stores import bell;"
        "bell.Listener(pathlib.Path(sys.argv[1])); os._exit(0)"  # dies without closing
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    news = ledger.listen()
    assert len(list(bell.folder_of(path).iterdir())) == 2
    ledger.append([NOTE])
    assert news.wait(60)
    assert len(list(bell.folder_of(path).iterdir())) == 1
    news.close()
    assert list(bell.folder_of(path).iterdir()) == []
    ledger.append([NOTE])
    ledger.close()


def test_a_path_longer_than_the_address_of_a_socket_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    ledger = sqlite.SqliteLedger(folder / "ledger.db")
    news = ledger.listen()
    ledger.append([NOTE])
    assert news.wait(60)
    news.close()
    ledger.close()


def test_a_ledger_used_on_after_a_fork_rings_in_the_child_too(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = sqlite.SqliteLedger(path)
    other = sqlite.SqliteLedger(path)
    news = other.listen()
    ledger.append([NOTE])
    assert news.wait(60)
    code = (
        "import sys, os, pathlib; from weft.stores import bell;"
        "ringer = bell.Bell(pathlib.Path(sys.argv[1])); ringer.ring(); pid = os.fork();"
        "(ringer.ring(), os._exit(0)) if pid == 0 else os.waitpid(pid, 0)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert news.wait(60)
    news.close()
    ledger.close()
    other.close()


def test_any_thread_may_wake_the_one_who_waits_and_a_ledger_in_memory_has_no_other_news() -> None:
    ledger = sqlite.SqliteLedger(None)
    news = ledger.listen()
    ledger.append([NOTE])
    assert not news.wait(0)
    waker = threading.Thread(target=news.wake)
    waker.start()
    assert news.wait(60)
    waker.join()
    news.close()
    ledger.close()


def test_a_folder_that_others_may_not_look_into(tmp_path: Path) -> None:
    ledger = sqlite.SqliteLedger(tmp_path / "ledger.db")
    news = ledger.listen()
    assert bell.folder_of(tmp_path / "ledger.db").stat().st_mode & 0o077 == 0
    news.close()
    ledger.close()


def test_two_who_begin_to_listen_within_one_tick_of_the_file_systems_clock_are_both_heard(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ringer = bell.Bell(path)
    first = bell.Listener(path)
    tick = time.time_ns()
    os.utime(bell.folder_of(path), ns=(tick, tick))
    ringer.ring()
    second = bell.Listener(path)
    os.utime(bell.folder_of(path), ns=(tick, tick))  # as it is where the clock has not moved on since
    ringer.ring()
    assert second.wait(60)
    for each in (first, second, ringer):
        each.close()
