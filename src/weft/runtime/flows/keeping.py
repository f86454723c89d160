"""The values of calls: kept through the project's storage where they can be, else in memory alone."""

from __future__ import annotations

from typing import Any

from weft.model import errors, stored
from weft.storage import protocol


class Keeper:
    """Stores what the calls of one run return, and reads it back."""

    def __init__(self, storage: protocol.IOManager, run: str) -> None:
        """Keep values in `storage`, for the run `run`."""
        self.storage = storage
        self._run = run

    def keep(self, value: object, task: str, tag: str) -> stored.StoredValue | None:
        """Store a value; None where its type can't be stored: it then lives in memory only.

        A path is left where it is, and its call runs again on resuming: what a flow hands from call to call may be
        changed by any of them.
        """
        target = protocol.WriteTarget(asset=f"runs/{self._run}/{task}", attempt=tag)
        try:
            return self.storage.write(value, target)
        except (errors.StorageError, errors.MissingExtraError):
            return None

    def argument(self, value: object, task: str, tag: str) -> stored.StoredValue:
        """Store an argument for another process.

        Raises:
            StorageError, MissingExtraError: it can't be stored.
        """
        return self.storage.write(value, protocol.WriteTarget(asset=f"runs/{self._run}/{task}/in", attempt=tag))

    def read(self, value: stored.StoredValue, annotation: object | None = None) -> Any:
        """Read a value back.

        Raises:
            StorageError: it is gone or damaged.
        """
        return self.storage.read(value, annotation)


def length(value: object) -> int | None:
    """The number of elements of a list, tuple or mapping."""
    return len(value) if isinstance(value, (list, tuple, dict)) else None
