"""The watcher of code folders stays at work whatever happens to the folders."""

from __future__ import annotations

import queue
import shutil
import time

import pytest

from weft.surfaces.processes import watching


@pytest.fixture
def told(tmp_path):
    """What a watcher of a folder `code` tells, by the names of the files."""
    (tmp_path / "code").mkdir()
    names: queue.Queue[str] = queue.Queue()
    watcher = watching.Watcher([tmp_path / "code"], lambda files: [names.put(each.name) for each in files] and None)
    watcher.start()
    assert watcher.watching.wait(60)
    yield names
    watcher.stop()


def until_told(names: queue.Queue[str], name: str) -> None:
    while names.get(timeout=60) != name:
        pass


def test_folders_that_come_and_go_by_the_dozen_end_no_watching(told, tmp_path):
    code = tmp_path / "code"
    for number in range(6):
        for place in range(40):
            (code / f"d{place}").mkdir()
            (code / f"d{place}" / "a.py").write_text("x = 1\n")
        (code / f"seen{number}.py").write_text("x = 1\n")
        until_told(told, f"seen{number}.py")
        for place in range(40):
            shutil.rmtree(code / f"d{place}")
    (code / "new").mkdir()
    (code / "new" / "last.py").write_text("x = 1\n")
    until_told(told, "last.py")


def test_a_folder_that_went_between_listing_and_watching_is_no_end(tmp_path, monkeypatch):
    real, gone = watching.folders_of, [tmp_path / "gone"]

    def listed(roots):
        yield from real(roots)
        while gone:
            yield gone.pop()

    monkeypatch.setattr(watching, "folders_of", listed)
    names: queue.Queue[str] = queue.Queue()
    watcher = watching.Watcher([tmp_path], lambda files: [names.put(each.name) for each in files] and None)
    watcher.start()
    try:
        assert watcher.watching.wait(60)
        (tmp_path / "a.py").write_text("x = 1\n")
        until_told(names, "a.py")
    finally:
        watcher.stop()


def test_a_folder_that_came_between_listing_and_watching_is_watched(tmp_path, monkeypatch):
    real = watching.folders_of
    come = [tmp_path / "come"]

    def listed(roots):
        found = list(real(roots))
        while come:
            come.pop().mkdir()
        yield from found

    monkeypatch.setattr(watching, "folders_of", listed)
    names: queue.Queue[str] = queue.Queue()
    watcher = watching.Watcher([tmp_path], lambda files: [names.put(each.name) for each in files] and None)
    watcher.start()
    try:
        assert watcher.watching.wait(60)
        (tmp_path / "come" / "a.py").write_text("x = 1\n")
        until_told(names, "a.py")
    finally:
        watcher.stop()


def test_what_changes_while_a_change_is_taken_in_is_told_too(tmp_path):
    names: queue.Queue[str] = queue.Queue()

    def changed(files):
        for each in files:
            names.put(each.name)
        if any(each.name == "first.py" for each in files) and not (tmp_path / "later.py").exists():
            (tmp_path / "later.py").write_text("x = 1\n")
            time.sleep(3)  # as where the machine has much else to do

    watcher = watching.Watcher([tmp_path], changed)
    watcher.start()
    try:
        assert watcher.watching.wait(60)
        (tmp_path / "below").mkdir()
        (tmp_path / "first.py").write_text("x = 1\n")
        until_told(names, "later.py")
    finally:
        watcher.stop()


def test_a_root_that_is_removed_and_made_anew_is_watched_again(told, tmp_path):
    shutil.rmtree(tmp_path / "code")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "b.py").write_text("x = 1\n")
    until_told(told, "b.py")
