"""Reading stored values where nothing that they name may be loaded, and no path may lead out of the storage.

A server does so: what the ledger says of a value was written by users' code.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from weft.model import errors
from weft.model.stored import StoredValue
from weft.storage import json_values, typed


class PlainStorage(typed.TypedStorage):
    """Reads text, bytes and JSON of the default storage; records come as dicts of their fields."""

    def read(self, stored: StoredValue, as_type: object | None = None) -> object:
        """Return the value.

        Raises:
            StorageError: it is of another format, is not below the root, or is gone or damaged.
        """
        self._check_place(stored)
        match stored.format:
            case "json":
                return json_values.decode_plain(self._bytes_of(stored))
            case "text":
                return self._bytes_of(stored).decode("utf-8", "replace")
            case "bytes":
                return self._bytes_of(stored)
        raise errors.StorageError(
            f"A value that is kept as {stored.format} is not read here.", remedy="Read it where the project's code is."
        )

    def _check_place(self, stored: StoredValue) -> None:
        if stored.inline is not None or stored.uri is None:
            return
        parts = PurePosixPath(stored.uri).parts
        is_within = bool(parts) and not stored.uri.startswith("/") and ".." not in parts and "://" not in stored.uri
        if is_within and "://" not in str(self.root):
            root = Path(self.root).resolve()
            is_within = (root / stored.uri).resolve() == root / stored.uri  # with no symbolic link on the way
        if not is_within:
            raise errors.StorageError(
                "A stored value is not where the storage keeps values.", remedy="Make the version again."
            )
