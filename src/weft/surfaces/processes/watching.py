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
_MARGIN_NS = 1_000_000_000
"""A change this long before a look may still be told by the next one only."""
_AGAIN_SECONDS = 0.05
_MOST_FAILURES = 10


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
        since, failures = self._begun, 0
        while not self._stop.is_set():
            folders = list(folders_of(self._roots))
            if not folders:
                self._stop.wait(1.0)
                continue
            try:
                since = self._watch(folders, since, polling=failures >= _MOST_FAILURES)
                failures = 0
            except OSError:  # a folder went before it was watched, or the system watches no more: then by looking
                failures += 1
                self._stop.wait(_AGAIN_SECONDS * failures)

    def _watch(self, folders: list[Path], since: int, *, polling: bool) -> int:
        """Watch these folders until there are others; returns since when there may be changes that were not told.

        Raises:
            OSError: a folder has gone meanwhile, or the system refuses to watch so many.
        """
        import watchfiles

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
            force_polling=polling or None,
        )
        is_first, there = True, self._identities()
        looked = time.time_ns()
        for changes in seen:
            paths = {Path(path) for _, path in changes}
            files = {path for path in paths if _is_code(path)}
            if is_first:  # what was written before the folders were watched
                files |= {path for path in _code_in(folders) if _is_newer(path, since)}
                if set(folders_of(self._roots)) != set(folders):  # one came before its parent was watched
                    return since
                is_first = False
                self.watching.set()
            if files:
                self._changed(files)
            if any(path.is_dir() and not _is_left_out(path) for path in paths) or self._identities() != there:
                return looked - _MARGIN_NS  # what has come since then may go untold with these watches
            looked = time.time_ns()
        return since

    def _identities(self) -> list[tuple[int, int]]:
        """What the roots are at this moment: one that is made anew under the same name is another folder."""
        found = []
        for root in self._roots:
            try:
                status = root.stat()
            except OSError:
                continue
            found.append((status.st_dev, status.st_ino))
        return found


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
