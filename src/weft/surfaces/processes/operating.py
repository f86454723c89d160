"""Operations in a host: each in a fresh process that loads the code, and is killed when it is late or cancelled.

The process is `python -m weft.surfaces.processes.operating WHERE LOCATION ID HOLDER`. It writes its answer down by
itself; the host only says what came of one that could not.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from weft.executors import linux
from weft.model import errors
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.ports import operating as ports
from weft.service.server import operations
from weft.surfaces.processes import runner as runners

_MODULE = "weft.surfaces.processes.operating"
_MOST = 2
"""So many at once: what makes data goes first."""
_LOOK_SECONDS = 1.0


@dataclass(slots=True, kw_only=True)
class _Running:
    """An operation that is under way."""

    row: ports.OperationRow
    process: subprocess.Popen[bytes]
    handle: int
    deadline: float


class Operating:
    """The operations of one host. Used by the loop of the host, which has one thread."""

    def __init__(
        self,
        ledger: ledgers.Ledger,
        clock: clocks.Clock,
        where: runners.Where,
        location: str,
        *,
        holder: str,
        give: Callable[[str], None],
    ) -> None:
        """Do what is asked of a location; `holder` names the host, `give` hands a run to a runner."""
        self._ledger = ledger
        self._clock = clock
        self._where = where
        self._location = location
        self._holder = holder
        self._give = give
        self._running: list[_Running] = []

    @property
    def is_busy(self) -> bool:
        """Whether one is under way."""
        return bool(self._running)

    def filenos(self) -> list[int]:
        """Descriptors that are readable when `turn` has something to do."""
        return [each.handle for each in self._running]

    def turn(self, *, takes: bool) -> float:
        """Look after those that are under way, and begin what waits if it `takes` any; seconds until the next look."""
        self._look_after()
        while takes and len(self._running) < _MOST:
            row = operations.take(self._ledger, self._location, holder=self._holder, now=self._now())
            if row is None:
                break
            self._begin(row)
        moments = [each.deadline - time.monotonic() for each in self._running]
        return max(min([_LOOK_SECONDS, *moments]), 0.0)

    def close(self) -> None:
        """End those that are under way."""
        for each in self._running:
            self._end(each, "The process of its worker ended.")
        self._running.clear()

    def _begin(self, row: ports.OperationRow) -> None:
        if row.kind == "resume":
            asked = msgspec.json.decode(row.ask, type=operations.ResumeAsk)
            self._give(asked.run)
            operations.succeeded(
                self._ledger, row, msgspec.json.encode({"run": asked.run}), holder=self._holder, now=self._now()
            )
            return
        where = msgspec.json.encode(self._where).decode()
        try:
            process = subprocess.Popen(  # noqa: S603 - our own module, run by our own interpreter
                [sys.executable, "-P", "-m", _MODULE, where, self._location, row.id, self._holder],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            problem = operations.Problem(code="operation-ended", message=f"It cannot be started: {error.strerror}.")
            operations.failed(self._ledger, row, problem, holder=self._holder, now=self._now())
            return
        deadline = time.monotonic() + operations.seconds_of(row)
        self._running.append(_Running(row=row, process=process, handle=os.pidfd_open(process.pid), deadline=deadline))

    def _look_after(self) -> None:
        for each in list(self._running):
            row = self._ledger.operation(each.row.id)
            if each.process.poll() is not None:
                told = f"Its process ended with {each.process.returncode}, without an answer."
            elif time.monotonic() >= each.deadline:
                told = f"It took longer than {operations.seconds_of(each.row):.0f} s, and was killed."
            elif row is None or row.outcome == "cancelled":
                told = "cancelled"
            else:
                continue
            self._running.remove(each)
            self._end(each, told)

    def _end(self, each: _Running, told: str) -> None:
        """Let go of one; what is told counts only where it left no answer."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(each.process.pid, signal.SIGKILL)
        each.process.wait()
        os.close(each.handle)
        with contextlib.suppress(errors.LedgerError):  # then it counts as lost, once its time is over
            problem = operations.Problem(code="operation-ended", message=told)
            operations.failed(self._ledger, each.row, problem, holder=self._holder, now=self._now())

    def _now(self) -> int:
        return clocks.microseconds(self._clock.now())


def main() -> None:
    """Be the process of one operation."""
    linux.die_with_parent(signal.SIGKILL)
    where, location, id_, holder = sys.argv[1:5]
    try:
        _carry_out(msgspec.json.decode(where, type=runners.Where), location, id_, holder)
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)  # whatever threads the code has left


def _carry_out(where: runners.Where, location: str, id_: str, holder: str) -> None:
    from weft import wiring
    from weft.service import doctoring
    from weft.service.server import operation_work
    from weft.surfaces.processes import widening

    place = runners.place_of(where)
    ledger = wiring.open_ledger(wiring.open_project(place))
    clock = clocks.SystemClock()
    row = ledger.operation(id_)
    if row is None:
        return

    def look() -> list[doctoring.Finding]:
        return doctoring.look(lambda: wiring.open_project(place), wiring.open_ledger, lambda: wiring.open_world(place))

    try:
        world = wiring.open_world(place)
        world.locations = runners.places(world, location)
        world.user = row.by
        widening.Widening(world, location).refresh()
        means = operation_work.Means(look=look, verify=ledger.verify)
        answer = operation_work.carried_out(world, location, row, means)
    except errors.WeftError as error:
        problem = operations.Problem(code=error.code, message=error.message, remedy=error.remedy or "")
        operations.failed(ledger, row, problem, holder=holder, now=clocks.microseconds(clock.now()))
    except Exception as error:
        problem = operations.Problem(code="unexpected", message=f"{type(error).__name__}: {error}"[:2000])
        operations.failed(ledger, row, problem, holder=holder, now=clocks.microseconds(clock.now()))
        raise
    else:
        operations.succeeded(ledger, row, answer, holder=holder, now=clocks.microseconds(clock.now()))


if __name__ == "__main__":
    main()
