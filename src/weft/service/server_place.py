"""Where the server of a project runs at the moment: `.weft/server.json`, there as long as it does."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

FILE_NAME = "server.json"


class ServerPlace(msgspec.Struct, frozen=True, kw_only=True):
    """The URL of a server, and its process on this machine."""

    url: str
    pid: int


def write(home: Path, url: str) -> None:
    """Note that this process serves the project with this home."""
    path = home / FILE_NAME
    aside = path.with_name(f"{FILE_NAME}.{os.getpid()}")
    aside.write_bytes(msgspec.json.encode(ServerPlace(url=url, pid=os.getpid())))
    aside.replace(path)


def read(home: Path) -> ServerPlace | None:
    """The server that runs; None where none does, or only one that has died."""
    try:
        found = msgspec.json.decode((home / FILE_NAME).read_bytes(), type=ServerPlace)
        os.kill(found.pid, 0)
    except (OSError, msgspec.DecodeError):
        return None
    return found


def remove(home: Path) -> None:
    """Note that this process does not serve any more; another's note is left alone."""
    found = read(home)
    if found is not None and found.pid == os.getpid():
        with contextlib.suppress(FileNotFoundError):
            (home / FILE_NAME).unlink()
