"""The zygote: a process with one thread and the user's code imported, which forks workers on request and reaps them.

It is forked from the driver, or is a fresh interpreter whose workers import the code themselves (see `spawned`). It
does nothing but wait, so that it answers at once: it ends a worker's whole group with the worker, and everything when
the driver is gone.

Messages are JSON packets: from the driver `["fork", number, name]` with the worker's socket and page, `["signal",
number, signal]` and `["end", number]`; to the driver `["forked", number, pid]`, `["refused", number, why]` and
`["ended", number, status]`.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
from typing import NoReturn

from weft.executors import linux, settings, shared, worker_process

LARGEST_PACKET = 1 << 16


def serve(control: socket.socket, told: settings.WorkerSettings, load: settings.Load) -> NoReturn:
    """Be the zygote until the driver goes away; never returns."""
    try:
        _Zygote(control, told, load).serve()
    except BaseException as error:  # a forked process must never return into its parent's code
        sys.stderr.write(f"weft: the process that forks workers ends: {type(error).__name__}: {error}\n")
        sys.stderr.flush()
    finally:
        os._exit(0)


class _Zygote:
    def __init__(self, control: socket.socket, told: settings.WorkerSettings, load: settings.Load) -> None:
        self._control = control
        self._told = told
        self._load = load
        self._numbers: dict[int, int] = {}
        """Worker number by process id, of the workers that live."""
        self._wake_read, self._wake_write = os.pipe()

    def serve(self) -> None:
        """Wait for requests and for workers that end."""
        if os.getsid(0) != os.getpid():
            os.setsid()
        linux.adopt_orphans()
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(each, signal.SIG_IGN)
        for descriptor in (self._wake_read, self._wake_write):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, _noted)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        gc.freeze()
        try:
            self._loop()
        finally:
            self._end_all()

    def _loop(self) -> None:
        poller = select.poll()
        poller.register(self._control, select.POLLIN)
        poller.register(self._wake_read, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poller.poll()}
            if self._wake_read in ready:
                os.read(self._wake_read, 4096)
                self._reap()
            if self._control.fileno() in ready and not self._answer():
                return

    def _answer(self) -> bool:
        """Do what the next packet asks for; False when the driver is gone."""
        try:
            packet, received, _, _ = socket.recv_fds(self._control, LARGEST_PACKET, 2)
        except ConnectionResetError:
            return False
        if not packet:
            return False
        match json.loads(packet):
            case ["fork", number, name]:
                self._fork(number, name, *received)
            case ["signal", number, which]:
                self._signal(number, which)
        return True

    def _fork(self, number: int, name: str, connection: int, page: int) -> None:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            self._tell("refused", number, str(error))
            os.close(connection)
            os.close(page)
            return
        if pid == 0:
            self._control.close()
            os.close(self._wake_read)
            signal.set_wakeup_fd(-1)
            os.close(self._wake_write)
            worker_process.main(
                socket.socket(fileno=connection), shared.SharedState(page), name, parent, self._told, self._load
            )
        os.close(connection)
        os.close(page)
        self._numbers[pid] = number
        self._tell("forked", number, pid)

    def _signal(self, number: int, which: int) -> None:
        """Send a signal to a worker; SIGKILL goes to all that its bodies have started too."""
        for pid, found in self._numbers.items():
            if found == number:
                if which == signal.SIGKILL:
                    _kill_group(pid)
                else:
                    os.kill(pid, which)

    def _reap(self) -> None:
        """Reap what has ended, each worker after its group, while its id cannot have gone to another process yet."""
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            pid = ended.si_pid
            if pid in self._numbers:
                _kill_group(pid)
            _, status = os.waitpid(pid, 0)
            number = self._numbers.pop(pid, None)
            if number is not None:
                self._tell("ended", number, status)

    def _tell(self, *message: object) -> None:
        try:
            self._control.send(json.dumps(message).encode())
        except OSError:
            pass  # the driver is gone; the next read says so

    def _end_all(self) -> None:
        """Kill all workers and all that bodies have started, also what has left its worker's group."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for pid in self._numbers:
            _kill_group(pid)
        while True:
            for pid in linux.children():
                _kill_group(pid)
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def _noted(number: int, frame: object) -> None:
    """Let SIGCHLD write into the wake-up pipe, which it does only where it has a handler."""


def _kill_group(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass  # no such group (yet); the process itself is killed by the other call
