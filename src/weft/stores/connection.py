"""A connection to a ledger file, and what its errors mean to a person.

WAL so that readers don't wait for the writer; every write transaction begins with BEGIN IMMEDIATE: a deferred one that
turns from reading to writing fails at once with "database is locked", whatever the timeout.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from weft.model import errors
from weft.stores import migrating

Durability = Literal["full", "normal"]
_BUSY_SECONDS = 60.0
_RECOVERY_SECONDS = 10.0  # SQLite asks nobody to wait while another process recovers or puts away the log of writes


def open_connection(path: Path | None, *, durability: Durability = "full") -> sqlite3.Connection:
    """Open a ledger, making or migrating its tables; `path` None is one in memory.

    "full" survives a power failure, "normal" survives `kill -9` but may lose the last commits with the power.

    Raises:
        LedgerError: the file cannot be opened, or a newer weft wrote it.
    """
    with translated(path):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _make_for_owner(path)
        until = time.monotonic() + _RECOVERY_SECONDS
        while True:
            try:
                return _open(path, durability)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_BUSY_RECOVERY" or time.monotonic() > until:
                    raise
                time.sleep(0.01)


def _make_for_owner(path: Path) -> None:
    """Make an empty file that nobody else may read, whatever folder it is in; SQLite's files beside it take after it.

    It is made under another name: closing a file of which somebody has a connection would end that one's locks.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        os.link(aside, path)
    except OSError:  # another process was quicker, or there are no links here: then SQLite makes it
        return
    finally:
        aside.unlink()


def _open(path: Path | None, durability: Durability) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path or ":memory:",
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        connection.execute(f"PRAGMA busy_timeout = {int(_BUSY_SECONDS * 1000)}")
        migrating.migrate(connection, path)
        connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'NORMAL'}")
        connection.execute("PRAGMA cache_size = -32768")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA journal_size_limit = 67108864")
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def translated(path: Path | None) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into a LedgerError that says what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _translate(error, path) from error
    except OSError as error:
        raise errors.LedgerError(
            f"The ledger {path} cannot be used: {error.strerror or error}.",
            remedy="Check the folder and its permissions, or set WEFT_HOME to a folder that can be written.",
        ) from error


def _translate(error: sqlite3.DatabaseError, path: Path | None) -> errors.LedgerError:
    text = str(error)
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_FULL") or "disk is full" in text:
        return errors.LedgerError(
            f"The disk that holds the ledger {path} is full; what was committed before is safe.",
            remedy="Free some space and run the command again; it goes on where it stopped.",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")) or "readonly" in text:
        return errors.LedgerError(
            f"The ledger {path} cannot be written: {text}.",
            remedy="Give this user the right to write to its folder, or set WEFT_HOME to another one.",
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return errors.LedgerError(
            f"The ledger {path} has been locked by another process for {_BUSY_SECONDS:.0f} s.",
            remedy="See with `weft runs` what is running; end a process that hangs.",
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return errors.LedgerError(
            f"The ledger {path} is damaged: {text}.",
            remedy="Restore it from a backup; `weft ledger verify` tells what can be read.",
        )
    if name.startswith("SQLITE_IOERR"):
        return errors.LedgerError(
            f"The disk failed under the ledger {path}: {text} ({name}).",
            remedy="Nothing that was committed is lost; check the disk, then run the command again.",
        )
    return errors.LedgerError(f"The ledger {path} failed: {text}.")
