"""Logs by pages: whatever their size, the pages together are the log, and a search finds what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from weft.model import errors, events
from weft.service.run import log_following, log_lines, log_pages
from weft.stores import sqlite

LINES = [
    *(f"line {number} of some length" for number in range(200)),
    "12:00:00.000 ERROR weft: bad",
    "  traceback",
    "12:00:00.001 INFO weft: fine",
    "ends without a new line",
]


@pytest.fixture
def ledger(tmp_path: Path) -> sqlite.SqliteLedger:
    (tmp_path / "logs" / "r").mkdir(parents=True)
    content = "before\n" + "\n".join(LINES)
    (tmp_path / "logs" / "r" / "w.log").write_text(content + "after")
    made = sqlite.SqliteLedger(tmp_path / "ledger.db")
    segment = events.LogSegment(file="r/w.log", start=len("before\n"), end=len(content))
    made.append([events.RunCreated(run="r", execution="r"), events.StepSucceeded(run="r", step="s", log=segment)])
    return made


def _pages(ledger: sqlite.SqliteLedger, folder: Path, **given: object) -> list[log_lines.LineView]:
    row = ledger.run("r")
    assert row is not None
    found: list[log_lines.LineView] = []
    offset: int | None = 0
    while offset is not None:
        page = log_pages.lines(ledger, folder, row, "2", offset=offset, most=1024, **given)  # type: ignore[arg-type]
        found += page.lines
        assert page.next is None or page.next > offset
        offset = page.next
    return found


def test_the_pages_of_a_log_are_the_log(ledger: sqlite.SqliteLedger, tmp_path: Path) -> None:
    found = _pages(ledger, tmp_path / "logs")
    assert [each.text for each in found] == LINES
    text = "\n".join(LINES)
    assert all(text[each.offset :].startswith(each.text) for each in found)
    ledger.close()


def test_a_search_and_a_level_leave_what_is_meant(ledger: sqlite.SqliteLedger, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    assert [each.text for each in _pages(ledger, folder, search="line 19")] == [LINES[19], *LINES[190:200]]
    assert [each.text for each in _pages(ledger, folder, level="WARNING")] == LINES[200:202]
    ledger.close()


def test_an_output_that_grows_is_told_once_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    growing = log_following.Growing(tmp_path, "r")
    assert growing.more() == []
    with (tmp_path / "r" / "w.log").open("a") as file:
        file.write("one\ntw")
        file.flush()
        assert growing.more() == [("w.log", 0, "one\n")]
        assert growing.more() == []
        file.write("o\n")
        file.flush()
        again = log_following.Growing(tmp_path, "r", log_following.decoded(log_following.encoded(growing.told)))
        assert again.more() == [("w.log", 4, "two\n")]
        file.write("end")
    assert again.more(last=True) == [("w.log", 8, "end")]
    assert log_following.decoded("no id") == {}


def test_a_log_that_is_gone_is_said_to_be(ledger: sqlite.SqliteLedger, tmp_path: Path) -> None:
    (tmp_path / "logs" / "r" / "w.log").unlink()
    with pytest.raises(errors.NotFoundError, match="gone"):
        _pages(ledger, tmp_path / "logs")
    ledger.close()
