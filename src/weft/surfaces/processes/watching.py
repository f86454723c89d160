"""Watching the folders of code: tells within a tenth of a second which files have changed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

SUFFIXES = frozenset({".py", ".toml", ".yaml", ".yml", ".sql", ".j2", ".jinja"})
"""What counts as code. Data that runs write beside it does not, else each run would load the code anew."""

_IGNORED = frozenset({"__pycache__", "node_modules", "site-packages"})
_MOST_FOLDERS = 4000
_STEP_MS = 30
_DEBOUNCE_MS = 300
_LOOK_MS = 300


class Watcher:
    """A thread that watches folders, with all below but virtual environments and what is hidden."""

    def __init__(self, roots: Iterable[Path], changed: Callable[[set[Path]], None]) -> None:
        """Watch `roots`; `changed` is called on the watcher's thread with the files that were written or removed."""
        self._roots = tuple(dict.fromkeys(roots))
        self._changed = changed
        self._stop = threading.Event()
        self.watching = threading.Event()
        """Set once changes are seen."""
        self._begun = time.time_ns()
        self._thread = threading.Thread(target=self._run, name="weft-watch", daemon=True)

    @property
    def roots(self) -> tuple[Path, ...]:
        """What is watched."""
        return self._roots

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End and wait for that."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        import watchfiles

        since = self._begun
        while not self._stop.is_set():
            folders = list(folders_of(self._roots))
            if not folders:
                self._stop.wait(1.0)
                continue
            seen = watchfiles.watch(
                *folders,
                watch_filter=None,
                recursive=False,
                step=_STEP_MS,
                debounce=_DEBOUNCE_MS,
                stop_event=self._stop,
                raise_interrupt=False,
                yield_on_timeout=True,
                rust_timeout=_LOOK_MS,
            )
            is_first = True
            for changes in seen:
                paths = {Path(path) for _, path in changes}
                files = {path for path in paths if _is_code(path)}
                if is_first:  # what was written before the folders were watched
                    files |= {path for path in _code_in(folders) if _is_newer(path, since)}
                    is_first = False
                    self.watching.set()
                if files:
                    self._changed(files)
                if any(path.is_dir() and not _is_left_out(path) for path in paths):
                    since = time.time_ns() - _DEBOUNCE_MS * 2_000_000
                    break


def folders_of(roots: Iterable[Path]) -> Iterator[Path]:
    """The folders that are watched: the roots and all below that may have code."""
    count = 0
    for root in roots:
        for folder, below, _ in os.walk(root):
            yield Path(folder)
            count += 1
            below[:] = [name for name in below if not _is_left_out(Path(folder, name))]
            if count >= _MOST_FOLDERS:
                return


def _is_code(path: Path) -> bool:
    return path.suffix in SUFFIXES and path.name[:1] not in (".", "#")


def _code_in(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        try:
            yield from (path for path in folder.iterdir() if _is_code(path))
        except OSError:
            continue  # it has gone since


def _is_newer(path: Path, since: int) -> bool:
    try:
        return path.stat().st_mtime_ns > since
    except OSError:
        return True


def _is_left_out(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in _IGNORED or (folder / "pyvenv.cfg").exists()
