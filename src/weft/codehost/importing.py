"""Importing the project's own modules so that what runs is what the source says.

Python's cached bytecode is checked by modification time and size, so a file that is edited twice within a second and
keeps its size would run as it was. The loader here checks it by the hash of the source instead (PEP 552), and keeps
the source that was executed, so that a fingerprint taken later describes the running code and not a file edited
since.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from weft.codehost import ownership

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

_NEVER = 0xFFFFFFFF
_CHECKED_HASH = (3).to_bytes(4, "little")


class ProjectLoader(importlib.machinery.SourceFileLoader):
    """A loader of source files whose cached bytecode is valid only for exactly the source on disk."""

    executed: bytes | None = None
    """The source that was compiled or found equal to the cached one, as it stands in the file."""

    def path_stats(self, path: str) -> dict[str, int]:
        """Return a time that no cached bytecode has, so that none is believed for its time."""
        size = Path(path).stat().st_size
        return {"mtime": _NEVER, "size": size}

    def get_data(self, path: str) -> bytes:
        """Read a file, and keep it if it is the module's source."""
        data = super().get_data(path)
        if path == self.path:
            self.executed = data
        return data

    def set_data(self, path: str, data: Buffer, *, _mode: int = 0o666) -> None:
        """Write cached bytecode, marked with the hash of its source in the place of its time."""
        data = bytes(data)
        if data[4:8] == bytes(4) and self.executed is not None:
            data = data[:4] + _CHECKED_HASH + importlib.util.source_hash(self.executed) + data[16:]
        super().set_data(path, data, _mode=_mode)


class ProjectFinder:
    """A finder, first on `sys.meta_path`, that gives the project's own modules a `ProjectLoader`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ownership = ownership.Ownership(root)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of one of the project's own modules, or None to leave it to Python."""
        if fullname in sys.stdlib_module_names or fullname.partition(".")[0] == ownership.OWN_PACKAGE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not importlib.machinery.SourceFileLoader or spec.origin is None:
            return None
        if not self.ownership.owns_file(spec.origin):
            return None
        spec.loader = ProjectLoader(fullname, spec.origin)
        return spec


def install(root: Path) -> None:
    """Let imports of modules under `root` go through `ProjectLoader`, from now on in this process."""
    if not any(isinstance(finder, ProjectFinder) and finder.root == root for finder in sys.meta_path):
        sys.meta_path.insert(0, ProjectFinder(root))


def executed_source(loader: object, file: str) -> bytes | None:
    """Return the source of `file` as a module's loader executed it, or None where that is not known."""
    if isinstance(loader, ProjectLoader) and loader.path == file:
        return loader.executed
    return None
