"""The output of a run as it grows, for those who follow it, and where they were when they come back."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from weft.service.run import log_pages


class Growing:
    """The files of a run's output as they grow, for those who follow it while it runs.

    What was told of each is kept in `told`, in bytes by the file's name, so that a reader can come back.
    """

    def __init__(self, folder: Path, run: str, told: dict[str, int] | None = None) -> None:
        """Follow the files of a run below `folder`, from where `told` ends."""
        self._folder = folder
        self._run = run
        self.told = dict(told or {})

    def more(self, *, last: bool = False) -> list[tuple[str, int, str]]:
        """What is new: name of the file, offset, text; of each file some hundred kilobytes at most.

        Whole lines only, but for a run that has ended (`last`).
        """
        found = []
        for name in self._names():
            descriptor = log_pages.open_within(self._folder, f"{self._run}/{name}")
            if descriptor is None:
                continue
            try:
                before = self.told.get(name, 0)
                content = os.pread(descriptor, 256 << 10, before)
            finally:
                os.close(descriptor)
            end = content.rfind(b"\n") + 1 or (len(content) if last or len(content) >= 256 << 10 else 0)
            if end:
                found.append((name, before, content[:end].decode("utf-8", "replace")))
                self.told[name] = before + end
        return found

    def _names(self) -> list[str]:
        try:
            return sorted(each.name for each in os.scandir(self._folder / self._run) if each.name.endswith(".log"))
        except OSError:
            return []


def decoded(text: str) -> dict[str, int]:
    """What a reader who comes back was told, as `encoded` wrote it; nothing for anything else."""
    import base64
    import binascii

    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        found = msgspec.json.decode(content, type=dict[str, int])
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return {}
    return {name: told for name, told in found.items() if 0 <= told < 1 << 62}


def encoded(told: dict[str, int]) -> str:
    """What a reader was told, as an id that it can come back with."""
    import base64

    return base64.urlsafe_b64encode(msgspec.json.encode(told)).decode().rstrip("=")
