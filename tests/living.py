"""Which processes still live: read from /proc, where one may be gone between two looks."""

from __future__ import annotations

import os
import select
from pathlib import Path

PATIENCE = 60.0


def is_running(pid: int) -> bool:
    """Whether a process is there, and not only its corpse."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def processes_in(folder: Path) -> list[int]:
    """The running processes whose working folder is this one."""
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                is_in = (each / "cwd").resolve() == folder
            except OSError:  # it has just ended, or it is another user's
                continue
            if is_in and is_running(int(each.name)):
                found.append(int(each.name))
    return found


def wait_until_ended(pid: int) -> None:
    """Wait for a process that is no child of ours; one that is gone already is fine."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([handle], [], [], PATIENCE)
        assert ready, f"process {pid} still runs"
    finally:
        os.close(handle)
