"""Asking the supervisor of another process to load code anew: by a file in the project's home that it looks for."""

from __future__ import annotations

import os
from pathlib import Path

_FILE = "reload"
_ALL = "*"


def request(home: Path, name: str | None) -> None:
    """Ask the supervisors of a project to load a location anew, or all of them; one of them takes it within seconds."""
    with (home / _FILE).open("a", encoding="utf-8") as file:
        file.write(f"{name or _ALL}\n")


def requested(home: Path) -> list[str | None]:
    """Take what was asked for since: names of locations, None for all of them."""
    taken = home / f"{_FILE}.{os.getpid()}"
    try:
        (home / _FILE).rename(taken)
    except FileNotFoundError:
        return []
    names = taken.read_text(encoding="utf-8").split()
    taken.unlink()
    return [None if name == _ALL else name for name in names]
