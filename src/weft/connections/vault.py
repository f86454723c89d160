"""The encrypted store: connections in one file, each sealed by itself, so that names can be listed without the key.

The key is `WEFT_SECRET_KEY`, or stands in a file beside the store that only its owner can read. There may be several
keys, divided by commas or lines: the first one seals, any of them opens, so a key is changed by putting another before
it and saving the connections again. The store is written whole and moved into its place, so that two writers or a crash
leave one or the other.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.connections import connection as connections
from weft.connections import places
from weft.model import errors

if TYPE_CHECKING:
    from cryptography import fernet

KEY_VARIABLE = "WEFT_SECRET_KEY"
_VERSION = 1


class KeyModeWarning(UserWarning):
    """The file of the key can be read by others."""


def names(place: places.Place) -> list[str]:
    """The names in the store; needs no key.

    Raises:
        UsageError: the store is damaged.
    """
    return sorted(_sealed(place))


def read(place: places.Place, name: str) -> connections.Connection | None:
    """The connection of a name, None where the store has none.

    Raises:
        UsageError: the key is missing or is another one, or the store is damaged.
        MissingExtraError: cryptography is not installed.
    """
    sealed = _sealed(place).get(name)
    if sealed is None:
        return None
    cipher = _cipher(place, make=False)
    from cryptography import fernet

    try:
        opened = json.loads(cipher.decrypt(sealed.encode()))
    except fernet.InvalidToken:
        raise errors.UsageError(
            f"The connection {name!r} in {place.store} can't be opened: it was sealed with another key.",
            remedy=f"Set {KEY_VARIABLE} to that key, or save the connection again: `weft connections add {name} …`.",
        ) from None
    return connections.Connection.build(name, opened, source=f"the store {place.store.name}")


def write(place: places.Place, connection: connections.Connection) -> None:
    """Put a connection into the store, in place of one of its name.

    Raises:
        UsageError: the store is damaged or cannot be written.
        MissingExtraError: cryptography is not installed.
    """
    with _locked(place):
        cipher = _cipher(place, make=True)
        sealed = cipher.encrypt(json.dumps(connection.as_mapping()).encode()).decode()
        _replace(place.store, {**_sealed(place), connection.name: sealed})


def remove(place: places.Place, name: str) -> bool:
    """Take a connection out of the store; False where it was not in it.

    Raises:
        UsageError: the store is damaged or cannot be written.
    """
    if name not in _sealed(place):
        return False
    with _locked(place):
        kept = {each: sealed for each, sealed in _sealed(place).items() if each != name}
        _replace(place.store, kept)
    return True


def _sealed(place: places.Place) -> dict[str, str]:
    try:
        found = json.loads(place.store.read_text(encoding="utf-8"))
        return {str(name): str(sealed) for name, sealed in found["connections"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.UsageError(
            f"The store of connections {place.store} can't be read: {type(error).__name__}.",
            remedy="Restore it from a backup, or move it away and add the connections again.",
        ) from error


def _cipher(place: places.Place, *, make: bool) -> fernet.MultiFernet:
    try:
        from cryptography import fernet
    except ImportError:
        raise errors.MissingExtraError(
            package="cryptography", extra="secrets", purpose="The encrypted store of connections"
        ) from None
    key = os.environ.get(KEY_VARIABLE)
    source = f"the variable {KEY_VARIABLE}"
    if not key:
        source = str(place.key)
        try:
            key = place.key.read_text(encoding="utf-8")
            _warn_of_others(place.key)
        except (OSError, UnicodeDecodeError) as error:
            if not isinstance(error, FileNotFoundError):
                raise errors.UsageError(
                    f"The key of the store of connections, {place.key}, can't be read: {error}.",
                    remedy=f"Restore that file, or set {KEY_VARIABLE}.",
                ) from error
            if not make or place.store.exists():
                raise errors.UsageError(
                    f"The key of the store of connections is missing: {place.key}.",
                    remedy=f"Restore that file, or set {KEY_VARIABLE}.",
                ) from None
            key = fernet.Fernet.generate_key().decode()
            _write_privately(place.key, key)
    try:
        return fernet.MultiFernet([fernet.Fernet(each) for each in key.replace(",", " ").split()])
    except ValueError:
        raise errors.UsageError(
            f"The key of the store of connections, from {source}, is no key.",
            remedy="It is 32 bytes in URL-safe base64; `python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'` makes one.",
        ) from None


def _warn_of_others(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        warnings.warn(
            f"{path} can be read by others than its owner, and so can the connections then. Call: chmod 600 {path}",
            KeyModeWarning,
            stacklevel=5,
        )


def _replace(path: Path, sealed: Mapping[str, str]) -> None:
    document: dict[str, Any] = {"version": _VERSION, "connections": dict(sorted(sealed.items()))}
    _write_privately(path, json.dumps(document, indent=1) + "\n")


def _write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        raise errors.UsageError(
            f"{path} can't be written: {error.strerror}.", remedy="Make its folder writable, or set WEFT_HOME."
        ) from error


@contextmanager
def _locked(place: places.Place) -> Iterator[None]:
    place.home.mkdir(parents=True, exist_ok=True)
    ignore = place.home / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    descriptor = os.open(place.home / f".{places.STORE_FILE}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
