"""The worker process: takes assignments from its socket, runs them one after another, and reports on each as it ends.

It leads a session of its own, so that a signal to its group reaches what bodies started and Ctrl-C in a terminal does
not reach it. It dies with its parent, the zygote, which in turn ends with the driver.
"""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import signal
import socket
import sys
from collections import deque
from pathlib import Path
from types import FrameType
from typing import NoReturn

import msgspec

from weft.define import sources
from weft.executors import framing, linux, settings, shared
from weft.model import errors
from weft.ports import executor
from weft.worker import cancelling, descriptors, execute, failures, logs, masking, texts


def main(
    connection: socket.socket,
    state: shared.SharedState,
    name: str,
    parent: int,
    told: settings.WorkerSettings,
    load: settings.Load,
) -> NoReturn:
    """Be a worker until the driver says so or goes away; never returns.

    Args:
        connection: the socket to the driver.
        state: the page shared with the driver.
        name: the worker's name in reports and log files.
        parent: the process id of the zygote.
        told: what all workers are told.
        load: gives the definitions; what it raises is reported as BROKEN.
    """
    status = 1
    try:
        status = _Worker(connection, state, name, told).work(parent, load)
    except BaseException as error:  # a worker must never return into the code that forked it
        sys.stderr.write(
            f"weft: the worker {name} ends: {failures.describe(error, masking.Masks(told.secrets)).traceback}"
        )
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)


class _Worker:
    def __init__(
        self, connection: socket.socket, state: shared.SharedState, name: str, told: settings.WorkerSettings
    ) -> None:
        self._connection = connection
        self._state = state
        self._name = name
        self._told = told
        self._masks = masking.Masks(told.secrets)
        self._pid = os.getpid()
        self._reader = framing.Reader()
        self._waiting: deque[executor.Assignment] = deque()
        self._cancelled: set[int] = set()
        self._heard = 0
        self._serial = 0
        self._over = False
        self._capture: descriptors.DescriptorCapture | None = None
        self._runner: execute.Runner | None = None

    def work(self, parent: int, load: settings.Load) -> int:
        """Set up, serve until the end, tear down; returns the exit status."""
        _detach(parent)
        self._redirect()
        try:
            definitions = load()
        except (Exception, SystemExit) as error:
            self._send(framing.BROKEN, _loading_error(error, self._masks))
            return 1
        self._runner = execute.Runner(
            definitions,
            worker=self._name,
            capture=self._capture,
            masks=self._masks,
            configs=self._told.configs,
            files=[sources.File(name=name, table=table) for name, table in self._told.files],
            memory=self._told.memory,
            keyboard=False,  # it leads a session of its own
        )
        signal.signal(signal.SIGUSR1, self._interrupted)
        gc.freeze()
        self._send(framing.READY)
        while not self._over:
            try:
                self._serve()
            except cancelling.Cancelled:
                pass  # it came between two bodies: there is nothing left to cancel
        self._runner.close()
        logging.shutdown()
        return 0

    def _serve(self) -> None:
        while not self._over:
            if not self._waiting:
                self._take(framing.receive(self._connection))
                continue
            if self._heard != self._state.attention:
                self._heard = self._state.attention
                self._take_what_is_there()
            if self._waiting:
                self._run(self._waiting.popleft())

    def _run(self, assignment: executor.Assignment) -> None:
        assert self._runner is not None
        self._serial += 1
        if assignment.id in self._cancelled:
            self._cancelled.discard(assignment.id)
            report = executor.AttemptReport(
                id=assignment.id, attempt=assignment.attempt, outcome="cancelled", worker=self._name
            )
        else:
            self._state.starts(self._serial, self._log_size(assignment.run))
            report = self._attempt(assignment)
        if os.getpid() != self._pid:
            os._exit(1)  # a child that the body forked, and that came back out of the body
        self._send(framing.REPORT, report)

    def _attempt(self, assignment: executor.Assignment) -> executor.AttemptReport:
        assert self._runner is not None
        try:
            return self._runner.run(assignment)
        except cancelling.Cancelled:  # it came in the very moment in which the body ended by another exception
            self._runner.running = None
            return executor.AttemptReport(
                id=assignment.id, attempt=assignment.attempt, outcome="cancelled", worker=self._name
            )

    def _log_size(self, run: str) -> int:
        """Return where the output of the next attempt begins."""
        if self._capture is None:
            return 0
        size = self._capture.size_of(run)
        if self._capture.pump is not None:
            self._state.pump = self._capture.pump
        return size

    def _take(self, content: bytes) -> None:
        if not content:
            self._over = True
            return
        for kind, body in self._reader.take(content):
            if kind == framing.RUN:
                fresh = framing.assignments_of(body)
                self._waiting.extend(fresh)
                # A cancellation that came too late for an earlier attempt is not meant for the next one.
                self._cancelled.difference_update([each.id for each in fresh])
            elif kind == framing.CANCEL:
                self._cancelled.update(framing.ids_of(body))
            elif kind == framing.QUIT:
                self._over = True

    def _take_what_is_there(self) -> None:
        self._connection.setblocking(False)
        try:
            self._take(framing.receive(self._connection))
        except BlockingIOError:
            pass  # it was read with an earlier message
        finally:
            self._connection.setblocking(True)

    def _send(self, kind: bytes, content: object = None) -> None:
        try:
            self._connection.sendall(framing.encode(kind, content))
        except (BrokenPipeError, ConnectionResetError):
            self._over = True  # the driver is gone, and with it whoever would want to know

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        """Raise `Cancelled` into the body that the driver means, and no other."""
        runner = self._runner
        if runner is not None and os.getpid() == self._pid:
            runner.interrupt(self._state.to_cancel)

    def _redirect(self) -> None:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open as long as the process
        if self._told.logs_folder is None:
            return
        self._capture = descriptors.DescriptorCapture(
            Path(self._told.logs_folder),
            self._name,
            masks=self._masks,
            limit=self._told.log_limit,
        )
        root = logging.getLogger()
        for handler in list(root.handlers):
            if isinstance(handler, logging.StreamHandler) and handler.stream in (sys.stderr, sys.stdout):
                root.removeHandler(handler)  # its records are kept by the handler below
        sys.stdout, sys.stderr = self._capture.streams
        logs.install_logging(self._capture)
        faulthandler.enable(2)  # by number: whatever descriptor 2 leads to when the crash comes


def _detach(parent: int) -> None:
    """Lead a session of one's own, die with the parent, and handle signals as a fresh process would."""
    os.setsid()
    linux.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for each in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()  # else all workers draw the same numbers; Python's own generator sees to that itself


def _loading_error(error: BaseException, masks: masking.Masks) -> object:
    message = str(error) if isinstance(error, errors.WeftError) else f"{failures.qualified_name(type(error))}: {error}"
    described = failures.describe(error, masks)
    return msgspec.structs.replace(described, message=texts.storable(masks.text(message)))
