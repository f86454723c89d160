"""The runner: a process that drives the runs that its host names, one after another.

It is forked from its host, which has the code imported; where a library of the project started threads, so that the
host can't be forked, it is a fresh process of the same interpreter that loads the code itself.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from weft.executors import linux
from weft.model import errors
from weft.service.queue import claiming
from weft.service.run import driving
from weft.surfaces.processes import channel as channels
from weft.surfaces.processes import warm
from weft.surfaces.processes import widening as widenings

if TYPE_CHECKING:
    from weft import wiring
    from weft.service import world as worlds


_THREAD_END_SECONDS = 0.05


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """Which code a process loads; as `wiring.Place`."""

    start: str
    file: str | None = None
    module: str | None = None
    location: str | None = None


def place_of(where: Where) -> wiring.Place:
    """The same for `wiring`."""
    from weft import wiring

    return wiring.Place(start=Path(where.start), file=where.file, module=where.module, location=where.location)


def places(world: worlds.World, location: str) -> dict[str, str]:
    """The location of each definition of a world that has one location alone, as `World.locations` has it."""
    graph = world.graph
    kinds = {
        "asset": graph.assets,
        "pipeline": graph.pipelines,
        "job": graph.jobs,
        "automation": graph.automations,
    }
    return {f"{kind}:{name}": location for kind, several in kinds.items() for name in several}


def forked(world: worlds.World, location: str, end: socket.socket) -> NoReturn:
    """Be a runner in a process that was just forked from a host; never returns."""
    try:
        linux.die_with_parent(signal.SIGKILL)
        for each in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(each, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        gc.freeze()
        _serve(_own(world), location, channels.Channel(end))
    except BaseException:  # a forked process must never return into its parent's code
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _own(world: worlds.World) -> worlds.World:
    """The same world with a ledger of this process's own: a connection must not be used on both sides of a fork."""
    from dataclasses import replace

    from weft import wiring

    assert world.reopen is not None
    assert world.home is not None
    _INHERITED.append(world)  # kept, since its connection must not be closed here either
    return replace(world, ledger=world.reopen(), renew=wiring.renewal(world.home))


_INHERITED: list[object] = []


def _serve(world: worlds.World, location: str, host: channels.Channel) -> None:
    """Drive what the host names until it says that this is enough, or is gone."""
    executors = warm.WarmExecutors()
    widening = widenings.Widening(world, location)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    host.send(ready=os.getpid())
    while True:
        messages = host.wait()
        if not messages:
            break
        for message in messages:
            if message.get("do") == "end":
                executors.close()
                return
            if message.get("do") == "cool":
                executors.trim(1)
                continue
            host.send(begun=message["run"])
            host.send(**_driven(world, widening, executors, message))
    executors.close()


def _driven(
    world: worlds.World, widening: widenings.Widening, executors: warm.WarmExecutors, message: dict[str, Any]
) -> dict[str, object]:
    """Drive one run, and tell how that went."""
    from weft.service.queue import queued

    run = str(message["run"])
    how = driving.How(executor=message.get("executor"), jobs=message.get("jobs"), wait=False)
    try:
        widening.refresh()
        row = claiming.row_of(world, run)
        pipeline = world.graph.pipelines.get(row.pipeline or "")
        with contextlib.ExitStack() as stack:
            executor = stack.enter_context(executors.of(world, how, pipeline)) if pipeline is not None else None
            # a flow is plain Python: to cancel it, it is interrupted
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                view = queued.drive(world, run, how, executor=executor)
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
    except (errors.UsageError, errors.ReservationError, errors.FencedError) as error:
        return {"refused": run, "message": error.message, "waits": isinstance(error, errors.ReservationError)}
    except KeyboardInterrupt:
        return {"ended": run, "outcome": "cancelled", "threads": _threads_left()}
    except errors.LedgerError as error:  # a full disk, say, which is no fault of the run
        return {"broken": run, "message": error.message, "blameless": True}
    except Exception as error:
        traceback.print_exc()
        return {"broken": run, "message": f"{type(error).__name__}: {error}"}
    return {"ended": run, "outcome": view.outcome, "seconds": view.seconds, "threads": _threads_left()}


def _threads_left() -> int:
    """How many threads this process has for good: one that has just ended is counted by the system for a moment."""
    until = time.monotonic() + _THREAD_END_SECONDS
    while (count := linux.thread_count()) > 1 and time.monotonic() < until:
        time.sleep(0.001)
    return count


def main() -> NoReturn:
    """Be a runner in a fresh process: `python -m weft.surfaces.processes.runner DESCRIPTOR WHERE LOCATION`."""
    linux.die_with_parent(signal.SIGKILL)
    end = socket.socket(fileno=int(sys.argv[1]))
    try:
        from weft import wiring

        where = msgspec.json.decode(sys.argv[2], type=Where)
        world = wiring.open_world(place_of(where))
        world.locations = places(world, sys.argv[3])
        _serve(world, sys.argv[3], channels.Channel(end))
    finally:
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
