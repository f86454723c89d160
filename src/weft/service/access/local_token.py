"""The token that a server makes at its first start, `.weft/token`: whoever can read the file may do everything.

That is no more than the file system gives away already, since the ledger lies beside it. So the file must be readable
by its owner alone.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from weft.model import errors

FILE_NAME = "token"
_SHORTEST = 32


def path_in(home: Path) -> Path:
    """Where the token of the project with this home lies."""
    return home / FILE_NAME


def ensure(home: Path) -> str:
    """The token, made now where there is none: readable by its owner alone, and on disk when this returns.

    Raises:
        UsageError: the file can be read by others, or can't be made or read.
    """
    path = path_in(home)
    found = read(home)
    if found is not None:
        return found
    token = secrets.token_urlsafe(32)
    aside = path.with_name(f"{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, f"{token}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(aside, path)  # fails if another process was quicker: then its token is the one
        except FileExistsError:
            pass
        finally:
            aside.unlink()
        folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise errors.UsageError(
            f"The server's token {str(path)!r} cannot be made: {error.strerror}.",
            remedy="Make the folder writable for the user that starts the server.",
        ) from error
    found = read(home)
    assert found is not None
    return found


def read(home: Path) -> str | None:
    """The token, None where none was made.

    Raises:
        UsageError: the file can be read by others, is not a plain file of this user, or holds no token.
    """
    path = path_in(home)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise errors.UsageError(
            f"The server's token {str(path)!r} cannot be read: {error.strerror}.",
            remedy="It belongs to the user that started the server; run this as that user.",
        ) from error
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (os.getuid(), 0):
            raise errors.UsageError(
                f"{str(path)!r} is not a plain file of this user.", remedy="Remove it: the next start makes a new one."
            )
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise errors.UsageError(
                f"The server's token {str(path)!r} can be read by others "
                f"(mode {stat.S_IMODE(status.st_mode):03o}, not 600).",
                remedy="Remove the file, as others may know the token: the next start makes a new one.",
            )
        token = file.read(1000).strip()
    if len(token) < _SHORTEST:
        raise errors.UsageError(
            f"{str(path)!r} holds no token.", remedy="Remove the file: the next start makes a new one."
        )
    return token
