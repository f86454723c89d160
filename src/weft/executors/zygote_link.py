"""The driver's side of the zygote: starting it, forked or spawned, asking for workers, hearing of their ends."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from weft.define import bodies
from weft.executors import linux, settings, zygote
from weft.model import errors

StartMethod: TypeAlias = Literal["forked", "spawned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How workers are started, and why."""

    method: StartMethod
    reason: str


def choose(loader: settings.Loader | None, *, prefer: StartMethod | None = None) -> Choice:
    """Decide how workers are started from this process.

    Raises:
        UsageError: it has several threads, so that it can't be forked, and there is no loader for fresh processes.
    """
    threads = linux.thread_count()
    if prefer == "spawned" and loader is not None:
        return Choice(method="spawned", reason="It was asked for.")
    if threads == 1:
        return Choice(
            method="forked", reason="This process has one thread, so workers are forked with the code imported."
        )
    if loader is not None:
        return Choice(
            method="spawned",
            reason=f"This process has {threads} threads (an imported library started them), so it can't be forked: "
            "each worker is a fresh process that imports the code itself.",
        )
    raise errors.UsageError(
        f"This process has {threads} threads, so its workers can't be forked, and there is no loader for fresh ones.",
        remedy="Give the process executor a loader, or use the inline executor.",
    )


class ZygoteLink:
    """A zygote that runs, with the socket to it."""

    def __init__(
        self,
        choice: Choice,
        told: settings.WorkerSettings,
        definitions: bodies.BuiltDefinitions | None,
        loader: settings.Loader | None,
    ) -> None:
        """Start a zygote as `choice` says; a forked one needs `definitions`, a spawned one `loader`."""
        self.choice = choice
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if choice.method == "forked":
            assert definitions is not None
            self._fork(theirs, told, definitions)
        else:
            assert loader is not None
            self._spawn(theirs, told, loader)
        theirs.close()
        self.socket.setblocking(False)

    @property
    def pid(self) -> int:
        """The zygote's process id."""
        return self._pid

    def ask_for_worker(self, number: int, name: str, connection: socket.socket, page: int) -> None:
        """Ask for a worker; OSError when the zygote is gone."""
        packet = json.dumps(["fork", number, name]).encode()
        self.socket.setblocking(True)
        try:
            socket.send_fds(self.socket, [packet], [connection.fileno(), page])
        finally:
            self.socket.setblocking(False)

    def signal(self, number: int, which: int) -> None:
        """Send a signal to a worker, SIGKILL to its whole group; OSError when the zygote is gone."""
        self.socket.setblocking(True)
        try:
            self.socket.send(json.dumps(["signal", number, int(which)]).encode())
        finally:
            self.socket.setblocking(False)

    def messages(self) -> Iterator[tuple[str, int, object] | None]:
        """Yield what the zygote has told; None at the end when it is gone."""
        while True:
            try:
                packet = self.socket.recv(zygote.LARGEST_PACKET)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                yield None
                return
            kind, number, value = json.loads(packet)
            yield kind, number, value

    def close(self) -> None:
        """Let the zygote go, which ends all its workers, and wait for that.

        Zygotes that were forked later have inherited this end of the socket, so closing it here would tell nothing.
        """
        with contextlib.suppress(OSError):  # the zygote has died
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        if self._process is not None:
            self._process.wait()
        elif self._pid:
            try:
                os.waitpid(self._pid, 0)
            except ChildProcessError:
                pass  # it was reaped by somebody who waits for every child
            self._pid = 0

    def _fork(self, theirs: socket.socket, told: settings.WorkerSettings, definitions: bodies.BuiltDefinitions) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            self.socket.close()
            zygote.serve(theirs, told, lambda: definitions)

    def _spawn(self, theirs: socket.socket, told: settings.WorkerSettings, loader: settings.Loader) -> None:
        python_path = os.environ.get("PYTHONPATH")
        ours = str(Path(zygote.__file__).parents[2])
        whole = settings.SpawnSettings(
            worker=told,
            loader=loader,
            import_path=tuple(entry or str(Path.cwd()) for entry in sys.path),
            python_path=python_path,
        )
        self._process = subprocess.Popen(  # noqa: S603 - our own module, run by our own interpreter
            [sys.executable, "-m", "weft.executors.spawned", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [ours, python_path]))},
        )
        self._pid = self._process.pid
        content = msgspec.json.encode(whole, enc_hook=_plain) + b"\0"
        for start in range(0, len(content), zygote.LARGEST_PACKET):
            self.socket.send(content[start : start + zygote.LARGEST_PACKET])


def _plain(value: object) -> object:
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json")
    raise TypeError(f"{type(value).__name__} cannot be sent to a fresh process")
