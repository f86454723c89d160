"""A disk that is full, a folder that cannot be written: an error that says so, nothing lost, and on it goes."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from weft.model import errors
from weft.stores import sqlite
from weft.testing.ledger_conformance import succeeded


def mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    if not mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)):
        pytest.skip("this user may not mount; a limit on file sizes stands in for the full disk")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def fill(ledger: sqlite.SqliteLedger) -> tuple[int, errors.LedgerError]:
    """Append until it fails; how many were acknowledged, and the failure."""
    for number in range(100_000):
        try:
            ledger.append([succeeded("a", None, f"{number}-{'x' * 5000}")])
        except errors.LedgerError as error:
            return number, error
    raise AssertionError("the disk never became full")


def check_all_there(ledger: sqlite.SqliteLedger, count: int) -> None:
    kept = [event.outputs[0].value.data_version.partition("-")[0] for _, _, event in ledger.events()]
    assert kept == [str(number) for number in range(count)]
    assert ledger.verify().passed


def test_a_full_disk_is_named_and_nothing_committed_is_lost(small_disk: Path) -> None:
    path, ballast = small_disk / "ledger.db", small_disk / "ballast"
    ballast.write_bytes(bytes(700_000))
    ledger = sqlite.SqliteLedger(path)
    count, error = fill(ledger)
    assert count > 3
    assert "is full; what was committed before is safe" in str(error)
    assert "Free some space" in error.remedy
    check_all_there(ledger, count)
    with pytest.raises(errors.LedgerError, match="is full"):
        ledger.append([succeeded("a", None, "x" * 50_000)])
    ballast.unlink()  # space returns: the same process goes on
    ledger.append([succeeded("a", None, f"{count}-")])
    check_all_there(ledger, count + 1)
    ledger.close()
    again = sqlite.SqliteLedger(path)
    check_all_there(again, count + 1)
    again.close()


def test_a_disk_that_is_full_from_the_start_is_named(small_disk: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        (small_disk / "ballast").write_bytes(bytes(4_000_000))
    with pytest.raises(errors.LedgerError) as caught:
        sqlite.SqliteLedger(small_disk / "deeper" / "ledger.db")
    assert "full" in str(caught.value) or "No space" in str(caught.value)


def test_a_file_that_may_not_grow_is_an_error_and_nothing_committed_is_lost(tmp_path: Path) -> None:
    ledger = sqlite.SqliteLedger(tmp_path / "ledger.db")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        count, error = fill(ledger)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert count > 3
    assert str(tmp_path / "ledger.db") in str(error)
    assert error.remedy
    check_all_there(ledger, count)
    ledger.append([succeeded("a", None, f"{count}-")])
    check_all_there(ledger, count + 1)
    ledger.close()


@pytest.fixture
def sealed(tmp_path: Path) -> Iterator[Path]:
    """A folder with a ledger in which nothing can be written, not even by root."""
    folder = tmp_path / "home"
    folder.mkdir()
    ledger = sqlite.SqliteLedger(folder / "ledger.db")
    ledger.append([succeeded("a", None, "0-")])
    ledger.close()
    if os.getuid():
        folder.chmod(0o500)
        (folder / "ledger.db").chmod(0o400)
        yield folder
        folder.chmod(0o700)
        return
    if not (mount("--bind", str(folder), str(folder)) and mount("-o", "remount,bind,ro", str(folder))):
        pytest.skip("root may write anything here, and may not mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_folder_that_cannot_be_written_is_named(sealed: Path) -> None:
    with pytest.raises(errors.LedgerError, match=r"cannot be (written|used)") as caught:
        sqlite.SqliteLedger(sealed / "ledger.db").append([succeeded("a", None, "1-")])
    assert str(sealed) in str(caught.value)
    assert "WEFT_HOME" in caught.value.remedy


def test_a_new_ledger_in_a_folder_that_cannot_be_written_is_named(sealed: Path) -> None:
    for path in (sealed / "other.db", sealed / "deeper" / "ledger.db"):
        with pytest.raises(errors.LedgerError, match=r"cannot be (written|used)") as caught:
            sqlite.SqliteLedger(path)
        assert "WEFT_HOME" in caught.value.remedy


def test_a_ledger_that_became_writable_again_has_lost_nothing(sealed: Path) -> None:
    with pytest.raises(errors.LedgerError):
        sqlite.SqliteLedger(sealed / "ledger.db").append([succeeded("a", None, "1-")])
    if os.getuid():
        sealed.chmod(0o700)
        (sealed / "ledger.db").chmod(0o600)
    else:
        assert mount("-o", "remount,bind,rw", str(sealed))
    ledger = sqlite.SqliteLedger(sealed / "ledger.db")
    ledger.append([succeeded("a", None, "1-")])
    check_all_there(ledger, 2)
    ledger.close()
