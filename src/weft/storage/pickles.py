"""Pickles, for those who ask for them: any Python object, at the price of trusting whatever wrote the file."""

from __future__ import annotations

import hashlib
import pickle

from weft.model import errors
from weft.model.stored import StoredValue
from weft.storage import hashing, protocol, typed


class PickleStorage(typed.TypedStorage):
    """Stores any value as a pickle, below a root of its own.

    Reading a pickle runs whatever it says, so use it only where nobody else can write. Equal values don't always have
    equal pickles: the data version is that of the bytes (p1), and may differ where nothing has changed.
    """

    name = "pickle"

    def write(self, value: object, target: protocol.WriteTarget) -> StoredValue:
        """Store a value as a pickle.

        Raises:
            StorageError: the value cannot be pickled, or the storage refuses.
        """
        try:
            encoded = pickle.dumps(value, protocol=5)
        except Exception as error:
            raise errors.StorageError(
                f"A value of the type {type(value).__qualname__} cannot be pickled: {error}",
                remedy="Return plain data, or pass an IO manager of your own.",
            ) from error
        version = target.given_version()
        if version is None:
            version = f"p1:{hashlib.blake2b(encoded, digest_size=hashing.DIGEST_BYTES).hexdigest()}"
        uri = target.file(".pickle")
        size = self._files.write(uri, lambda file: file.write(encoded))
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        return StoredValue(
            format="pickle", data_version=version, uri=uri, size=size, type=kind, io=target.io or self.name
        )

    def read(self, stored: StoredValue, as_type: object | None = None) -> object:
        """Return the value that was pickled.

        Raises:
            StorageError: the version is gone or damaged, or cannot be loaded.
        """
        if stored.format != "pickle" or stored.uri is None:
            return super().read(stored, as_type)
        content = self._bytes_of(stored)
        try:
            loaded: object = pickle.loads(content)  # noqa: S301 - opted in to by whoever configured this manager
        except Exception as error:
            raise errors.StorageError(
                f"The pickle {stored.uri} cannot be loaded: {error}",
                remedy="Make the version again with the code of today.",
            ) from error
        return loaded
