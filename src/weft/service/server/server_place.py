"""Where the server of a project runs at the moment: `.weft/server.json`, there as long as it does."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from urllib import parse

import msgspec

from weft.runtime import owners

FILE_NAME = "server.json"
_LISTENS = "0A"  # the state of a socket, as Linux tells it


class ServerPlace(msgspec.Struct, frozen=True, kw_only=True):
    """The URL of a server, and its process on this machine."""

    url: str
    pid: int
    owner: str = ""
    """The same process with the boot of the machine and its own start: another one may get its number."""


def write(home: Path, url: str) -> None:
    """Note that this process serves the project with this home, unless another that lives is noted already."""
    noted = read(home)
    if noted is not None and noted.pid != os.getpid():
        return
    path = home / FILE_NAME
    aside = path.with_name(f"{FILE_NAME}.{os.getpid()}")
    aside.write_bytes(msgspec.json.encode(ServerPlace(url=url, pid=os.getpid(), owner=owners.myself().encode())))
    aside.replace(path)


def read(home: Path) -> ServerPlace | None:
    """The server that runs; None where none does, or only one that has died."""
    try:
        found = msgspec.json.decode((home / FILE_NAME).read_bytes(), type=ServerPlace)
        is_dead = owners.is_dead(owners.decode(found.owner), expires=0, now=1)
    except (OSError, msgspec.MsgspecError):
        return None
    return None if is_dead else found


def may_have_token(home: Path, port: int) -> bool:
    """Whether what listens on a port of this machine may be given the token of the project with this home.

    A program of another user may have taken the port when the server had ended. On Linux the kernel tells whose it is;
    elsewhere it has to be the port of the server that the project says to run.
    """
    users = _listening(port)
    if users is not None:
        return users == {os.getuid()}
    place = read(home)
    return place is not None and parse.urlsplit(place.url).port == port


def _listening(port: int) -> set[int] | None:
    """The users whose programs listen on a port of this machine, None where the kernel does not tell."""
    found: set[int] = set()
    tables = [each for each in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")) if each.exists()]
    for table in tables:
        for line in table.read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(int(fields[7]))
    return found if tables else None


def remove(home: Path) -> None:
    """Note that this process does not serve any more; another's note is left alone."""
    found = read(home)
    if found is not None and found.pid == os.getpid():
        with contextlib.suppress(FileNotFoundError):
            (home / FILE_NAME).unlink()
