"""Versions as files under a folder of the local disk: written aside, synchronised, and made visible in one move.

The order is the contract. A file is written under a temporary name in its final folder, synchronised, linked to its
final name (which fails where the name is taken, so a version is never replaced), and the folder is synchronised. A
crash at any instant leaves at most a temporary file, which no final name can equal, as final names never begin with a
dot.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn, TypeVar

from weft.model import errors
from weft.storage import hashing

_Made = TypeVar("_Made")
_FOLDER_ATTEMPTS = 100
_CAUSES = {
    errno.ENOSPC: ("the disk is full", "Free some space (`weft gc` removes old versions), then run it again."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space (`weft gc` removes old versions), then run it again."),
    errno.EFBIG: (
        "the file would be larger than the system allows",
        "Raise the limit (`ulimit -f`), then run it again.",
    ),
    errno.EACCES: ("permission is denied", "Make the folder writable for this user, or choose another storage root."),
    errno.EPERM: ("permission is denied", "Make the folder writable for this user, or choose another storage root."),
    errno.EROFS: ("the file system is read-only", "Choose a storage root on a file system that can be written."),
    errno.ENOTDIR: ("part of the path is a file, not a folder", "Choose another storage root."),
}


def raise_storage_error(error: OSError, action: str, place: str) -> NoReturn:
    """Say in a StorageError what the operating system refused, where, and what to do."""
    cause, remedy = _CAUSES.get(error.errno or 0, (error.strerror or str(error), None))
    raise errors.StorageError(f"Cannot {action} {place}: {cause}.", remedy=remedy) from error


class LocalFiles:
    """The files under one folder; every path is relative to it and uses `/`."""

    def __init__(self, root: Path, *, synchronise: bool = True) -> None:
        """Keep the root; nothing is made before the first write. `synchronise=False` gives up durability for speed."""
        self.root = root
        self._synchronise = synchronise
        self._known_folders: set[str] = set()

    def path(self, uri: str) -> Path:
        """Return the absolute path of a version."""
        return self.root / uri

    def write(self, uri: str, encode: Callable[[BinaryIO], object]) -> int:
        """Write a file through `encode`, make it visible in one move, and return its size in bytes.

        Raises:
            StorageError: the name is taken, or the operating system refuses.
        """
        final = f"{self.root}/{uri}"
        with self._aside(final) as temporary:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            descriptor = self._make_in_folder(os.path.dirname(final), lambda: os.open(temporary, flags, 0o644))  # noqa: PTH120
            with open(descriptor, "wb", closefd=True) as file:  # noqa: PTH123 - a descriptor, not a path
                encode(file)
                file.flush()
                size = file.tell()
                if self._synchronise:
                    os.fsync(file.fileno())
            _make_visible(temporary, final)
            self._synchronise_folder(os.path.dirname(final))  # noqa: PTH120
        return size

    def copy_file(self, source: Path, uri: str) -> tuple[str, int]:
        """Copy a file into the storage; return the hex digest of what was copied, and its size."""
        digest = hashing.new_file_digest()

        def copy(target: BinaryIO) -> None:
            with source.open("rb") as file:
                while block := file.read(hashing.BLOCK_BYTES):
                    digest.update(block)
                    target.write(block)
            # A reader gets this very file as a path; versions are immutable.
            os.fchmod(target.fileno(), 0o444 | (stat.S_IMODE(source.stat().st_mode) & 0o111))

        size = self.write(uri, copy)
        return digest.hexdigest(), size

    def copy_folder(self, source: Path, uri: str) -> tuple[str, int]:
        """Copy a folder with all that is in it; return its data version and its size in bytes."""
        final = f"{self.root}/{uri}"
        entries: list[tuple[str, str | None]] = []
        size = 0
        with self._aside(final) as temporary:
            self._make_in_folder(os.path.dirname(final), lambda: os.mkdir(temporary))  # noqa: PTH102, PTH120
            copied = LocalFiles(Path(temporary), synchronise=self._synchronise)
            for found in sorted(source.rglob("*")):
                relative = found.relative_to(source).as_posix()
                if found.is_dir():
                    (copied.root / relative).mkdir(parents=True, exist_ok=True)
                    entries.append((relative, None))
                elif found.is_file():
                    content, length = copied.copy_file(found, relative)
                    entries.append((relative, content))
                    size += length
                else:
                    raise errors.StorageError(
                        f"Cannot store the folder {source}: {relative} is neither a file nor a folder.",
                        remedy="Remove it, or return the path of a folder without it.",
                    )
            if os.path.lexists(final):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), final)
            # Two attempts never share a tag, so nobody makes this name in between.
            os.rename(temporary, final)  # noqa: PTH104
            self._synchronise_folder(os.path.dirname(final))  # noqa: PTH120
        return hashing.folder_version(entries), size

    def read(self, uri: str) -> bytes:
        """Return a file's content."""
        with self._reading(uri):
            return self.path(uri).read_bytes()

    def size(self, uri: str) -> int:
        """Return a file's size in bytes."""
        with self._reading(uri):
            return self.path(uri).stat().st_size

    @contextlib.contextmanager
    def opened(self, uri: str) -> Iterator[str]:
        """Lend a local path of the file for reading."""
        with self._reading(uri):
            if not self.path(uri).exists():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.path(uri)))
            yield str(self.path(uri))

    def local_path(self, uri: str) -> Path:
        """Return the path of a stored file or folder, which the caller must not change."""
        with self.opened(uri) as path:
            return Path(path)

    def remove(self, uri: str) -> None:
        """Remove a file or folder; one that is gone is no error."""
        path = self.path(uri)
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            self._remove_empty_folders(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise_storage_error(error, "remove", str(path))

    def exists(self, uri: str) -> bool:
        """Tell whether the file or folder is there."""
        return self.path(uri).exists()

    @contextlib.contextmanager
    def _reading(self, uri: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise errors.StorageError(
                f"The stored version {self.path(uri)} is gone.",
                remedy="Make the partition again, or roll back to another version.",
            ) from None
        except OSError as error:
            raise_storage_error(error, "read", str(self.path(uri)))

    @contextlib.contextmanager
    def _aside(self, final: str) -> Iterator[str]:
        """Lend a temporary name beside `final`, and remove what is left there on an error."""
        folder, _, name = final.rpartition("/")
        # The process's id keeps apart two processes that (wrongly) were given one attempt; the link settles who wins.
        temporary = f"{folder}/.{name}.{os.getpid()}.tmp"
        try:
            try:
                yield temporary
            except BaseException as error:
                _discard(temporary)
                if isinstance(error, FileExistsError):
                    raise errors.StorageError(
                        f"The version {final} exists already, and versions are immutable.",
                        remedy="Write it under a new attempt.",
                    ) from error
                raise
        except OSError as error:
            raise_storage_error(error, "write", final)

    def _make_in_folder(self, folder: str, make: Callable[[], _Made]) -> _Made:
        """Make a file or folder in `folder`, which is made when missing.

        Whoever removes a folder's last version takes the folder away too, perhaps just now; what lies in it stops that.
        """
        for _ in range(_FOLDER_ATTEMPTS):
            try:
                self._make_folder(folder)
                return make()
            except FileNotFoundError:
                self._known_folders.clear()
        self._make_folder(folder)
        return make()

    def _make_folder(self, folder: str) -> None:
        if folder in self._known_folders and os.path.isdir(folder):  # noqa: PTH112
            return
        missing: list[str] = []
        above = folder
        while not os.path.isdir(above):  # noqa: PTH112
            missing.append(above)
            above = os.path.dirname(above) or "."  # noqa: PTH120
            if above in {".", "/"}:
                break
        try:
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        except FileExistsError:
            if os.path.isfile(folder):  # noqa: PTH113
                raise
            # Somebody else made it, and took it away again before `makedirs` looked: the caller tries again.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder) from None
        for made in missing:
            # A new folder's name is as durable as its entry in the folder above.
            self._synchronise_folder(os.path.dirname(made) or ".")  # noqa: PTH120
        self._known_folders.add(folder)

    def _synchronise_folder(self, folder: str) -> None:
        if not self._synchronise:
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _remove_empty_folders(self, folder: Path) -> None:
        while folder != self.root and self.root in folder.parents:
            try:
                folder.rmdir()
            except OSError:
                return  # it holds other versions
            self._known_folders.discard(str(folder))
            folder = folder.parent


_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})


def _make_visible(temporary: str, final: str) -> None:
    """Give a file its final name, unless that is taken."""
    try:
        os.link(temporary, final)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without links; two attempts never share a tag, so nobody makes this name in between.
        if os.path.lexists(final):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), final) from None
        os.rename(temporary, final)  # noqa: PTH104
        return
    os.unlink(temporary)  # noqa: PTH108 - strings are faster, and this is a hot path


def _discard(temporary: str) -> None:
    try:
        if os.path.isdir(temporary):  # noqa: PTH112
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            os.unlink(temporary)  # noqa: PTH108
    except OSError:
        return  # it was never made, or the disk is gone; the first error is the one to tell
