"""SFTP as a filesystem of fsspec, with the keys of servers checked as a connection says.

fsspec's own takes any server's key. Here a connection with `known_hosts` talks only to servers whose key
is in that file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import paramiko
from fsspec.implementations import sftp as implementation

from weft.model import errors

_AT_ONCE = 64
"""Requests of 32 KiB that are on their way at a time; one alone would wait for each answer."""
_KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class Files(implementation.SFTPFileSystem):  # type: ignore[misc]
    """The files of a server. A session of its own each time: one that is kept would break when the server ends it."""

    cachable = False

    def _connect(self) -> None:
        options = dict(self.ssh_kwargs)
        known_hosts = options.pop("known_hosts", None)
        private_key = options.pop("private_key", None)
        if private_key is not None:
            options["pkey"] = _key(private_key, options.pop("passphrase", None))
        if options.get("password") or options.get("pkey") is not None:  # what is meant is said: try no other
            options |= {"look_for_keys": False, "allow_agent": False}
        self.client = paramiko.SSHClient()
        if known_hosts is None:
            self.client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        else:
            self._know(known_hosts)
        try:
            self.client.connect(self.host, **options)
            self.ftp = self.client.open_sftp()
        except BaseException:
            self.client.close()
            raise

    def _open(self, path: str, mode: str = "rb", block_size: int | None = None, **options: Any) -> Any:
        opened = super()._open(path, mode, block_size, **options)
        if "r" in mode:
            opened.prefetch(self.info(path)["size"], max_concurrent_requests=_AT_ONCE)
        else:
            opened.set_pipelined(True)
        return opened

    def _know(self, known_hosts: str) -> None:
        path = Path(known_hosts).expanduser()
        try:
            self.client.load_host_keys(str(path))
        except OSError as error:
            raise errors.UsageError(
                f"The file of known hosts {str(path)!r} can't be read: {error.strerror}.", remedy="Check known_hosts."
            ) from error
        self.client.set_missing_host_key_policy(paramiko.RejectPolicy())


def filesystem(options: Mapping[str, Any]) -> Files:
    """The files of a server; options are those of paramiko, `private_key` and `known_hosts`.

    Raises:
        UsageError: there is no host, or a key can't be read.
        paramiko.SSHException, OSError: the server refuses, or can't be reached.
    """
    if not options.get("host"):
        raise errors.UsageError(
            "Which SFTP server is meant is not said.", remedy="Write sftp://host/path, or give a connection."
        )
    return Files(**options)


def _key(text: str, passphrase: str | None) -> Any:
    for kind in _KEYS:
        try:
            return kind.from_private_key(io.StringIO(text), passphrase)
        except (paramiko.SSHException, ValueError):
            continue
    raise errors.UsageError(
        "private_key of the SFTP connection can't be read.",
        remedy="Give an Ed25519, ECDSA or RSA key in PEM, and its passphrase.",
    )
