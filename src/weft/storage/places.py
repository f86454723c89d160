"""Where relative paths of storage begin: at the project's root, wherever the command was typed."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from pathlib import Path

_root: contextvars.ContextVar[Path | None] = contextvars.ContextVar("weft_project_root", default=None)


@contextlib.contextmanager
def relative_to(root: Path) -> Iterator[None]:
    """Let relative paths of storage that is made within begin at `root`."""
    token = _root.set(root)
    try:
        yield
    finally:
        _root.reset(token)


def absolute(path: str | Path) -> Path:
    """A path of storage: from the project's root while its definitions load, else from the working directory."""
    root = _root.get()
    return root / path if root is not None else Path(path).absolute()
