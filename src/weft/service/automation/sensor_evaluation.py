"""One look of a sensor: its function run in a child process, which answers over a pipe and is killed when it is late.

The child is forked from the process that has loaded the code. It never touches the ledger: what it answers is judged
and written down by its parent.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from weft.define.automations import context as contexts
from weft.model import automations, errors
from weft.service import world as worlds

LOADING_SECONDS = 20.0
"""What a look may take longer in a process that has to load the code first."""
MOST_REQUESTS = 1000
"""How many runs one look may ask for."""
MOST_BYTES = 4_000_000
"""How large what one look asks for may be in all, with the cursor."""
_LONGEST_REASON = 2000
_LAST_LINES = 6


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run that a sensor asks for."""

    key: str = ""
    params: dict[str, Any] = {}
    partition: str | None = None
    tags: dict[str, str] = {}
    priority: int | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of a look. `cursor` None: it is as it was. `error` is what it raised, with the last lines of where."""

    requests: tuple[Request, ...] = ()
    skip: str = ""
    cursor: str | None = None
    error: str = ""


def evaluate(
    world: worlds.World, sensor: str, *, cursor: str | None, last_tick: datetime | None, now: datetime
) -> Answer:
    """Run the function of a sensor (by its automation's id) in this process; what it raises is in the answer."""
    import logging

    from weft.worker import failures, masking, resources

    body = world.definitions.sensors[sensor]
    masks = masking.Masks()
    context = contexts.SensorContext(
        name=body.name, cursor=cursor or None, last_tick=last_tick, now=now, log=logging.getLogger(f"weft.{sensor}")
    )
    given_resources = resources.Resources(world.definitions.resources, files=_files(world), learn=masks.learn)
    try:
        given: dict[str, object] = {
            parameter: given_resources.get(name) for parameter, name in body.parameters.resources.items()
        }
        if body.parameters.context is not None:
            given[body.parameters.context] = context
        requests, skip = _read(_called(body.function, given), body.name)
    except Exception as error:
        told = failures.describe(error, masks)
        lines = [line for line in told.traceback.strip().splitlines() if line.strip()][-_LAST_LINES:]
        return Answer(error="\n".join(lines)[-_LONGEST_REASON:] or told.told[:_LONGEST_REASON])
    finally:
        given_resources.close()
    moved = (context.cursor or "") if (context.cursor or "") != (cursor or "") else None
    return _sound(Answer(requests=requests, skip=skip[:_LONGEST_REASON], cursor=moved), body.name)


def _sound(answer: Answer, name: str) -> Answer:
    """The answer, or an error in its place where it is larger than one may be, or no text that can be kept."""
    try:
        size = len(msgspec.json.encode(answer))
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        return Answer(error=f"The sensor {name!r} answered with what is no text: {error}.")
    if size <= MOST_BYTES:
        return answer
    return Answer(
        error=f"The sensor {name!r} answered with {size:,} bytes of params, keys and cursor; {MOST_BYTES:,} are the "
        "most. Hand over where data lies, and not the data."
    )


def _called(function: Any, given: dict[str, object]) -> object:
    if inspect.iscoroutinefunction(function):
        import asyncio

        return asyncio.run(function(**given))
    return function(**given)


def _read(returned: object, name: str) -> tuple[tuple[Request, ...], str]:
    """Take what a sensor returned or yields; raises UsageError for anything else."""
    each_of: Iterable[object]
    if returned is None or isinstance(returned, (contexts.RunRequest, contexts.SkipReason)):
        each_of = [] if returned is None else [returned]
    elif isinstance(returned, Iterable) and not isinstance(returned, (str, bytes, dict)):
        each_of = returned
    else:
        each_of = [returned]
    requests: list[Request] = []
    skip = ""
    for each in each_of:
        match each:
            case contexts.RunRequest():
                requests.append(_request(each, name))
            case contexts.SkipReason():
                skip = str(each.reason)
            case None:
                continue
            case _:
                raise errors.UsageError(
                    f"The sensor {name!r} gave {each!r}, which is neither a RunRequest nor a SkipReason.",
                    remedy="Return or yield RunRequest(key=…), or SkipReason('…').",
                )
        if len(requests) > MOST_REQUESTS:
            raise errors.UsageError(
                f"The sensor {name!r} asked for more than {MOST_REQUESTS} runs at once.",
                remedy="Set context.cursor after as many, and ask for the rest the next time.",
            )
    return tuple(requests), skip


def _request(given: contexts.RunRequest, name: str) -> Request:
    try:
        params = msgspec.to_builtins(dict(given.params))
        msgspec.json.encode(params)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise errors.UsageError(
            f"The sensor {name!r} asked for params that are no JSON: {error}.", remedy="Use texts, numbers and lists."
        ) from error
    if given.key is not None and (not isinstance(given.key, str) or not given.key):
        raise errors.UsageError(
            f"The sensor {name!r} asked with the key {given.key!r}, which is no text.", remedy="Write key=str(…)."
        )
    try:
        return msgspec.convert(
            {
                "key": given.key or "",
                "params": params,
                "partition": msgspec.to_builtins(given.partition),
                "tags": {str(tag): str(value) for tag, value in dict(given.tags).items()},
                "priority": given.priority or None,
            },
            Request,
        )
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise errors.UsageError(
            f"The sensor {name!r} asked for a run in a way that can't be read: {error}.",
            remedy="Give partition= as text, tags= as a dictionary, and priority= as a number.",
        ) from error


def _files(world: worlds.World) -> Sequence[Any]:
    """The values of resources that the project's configuration has."""
    if world.root is None or not world.definitions.resources:
        return ()
    from weft.codehost import project as projects
    from weft.define import sources

    try:
        project = projects.find_project(world.root, environ=os.environ)
    except errors.UsageError:
        return ()
    if project.configuration is None or "resources" not in project.settings:
        return ()
    return (sources.File(project.configuration.name, {"resources": project.settings["resources"]}),)


class Look(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a look begins with."""

    sensor: str
    """The id of the automation."""
    cursor: str | None
    last_tick: datetime | None
    now: datetime


class Evaluation:
    """A look that is under way in a child process."""

    def __init__(
        self, world: worlds.World, sensor: automations.Sensor, look: Look, command: Sequence[str] | None = None
    ) -> None:
        """Fork the child; where this process has threads, start one by `command` that loads the code anew."""
        from weft.executors import linux

        self.sensor = sensor
        self._parts: list[bytes] = []
        spawns = command is not None and linux.thread_count() > 1
        self.deadline = time.monotonic() + sensor.timeout + (LOADING_SECONDS if spawns else 0.0)
        read, write = os.pipe()
        self._pid = _spawned(command or (), write, look) if spawns else _forked(write, world, look)
        os.close(write)
        os.set_blocking(read, False)
        self._read = read
        # by both, so that whoever comes first has made the group
        with contextlib.suppress(OSError):
            os.setpgid(self._pid, self._pid)

    def fileno(self) -> int:
        """Readable when the child has answered, or is gone."""
        return self._read

    def collect(self) -> Answer | None:
        """The answer, None while there is none; one that is late, or died, is an answer with an error."""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self._read, 65536):
                self._parts.append(part)
            return self._ended()
        if time.monotonic() < self.deadline:
            return None
        self.kill()
        return Answer(error=f"It did not answer within {self.sensor.timeout:g} s, and was killed.")

    def kill(self) -> None:
        """End the child and what it started."""
        with contextlib.suppress(OSError):
            os.killpg(self._pid, signal.SIGKILL)
        self._reap()
        os.close(self._read)

    def _ended(self) -> Answer:
        status = self._reap()
        os.close(self._read)
        content = b"".join(self._parts)
        try:
            return msgspec.json.decode(content, type=Answer)
        except msgspec.DecodeError:
            how = "" if status is None else f" (exit status {os.waitstatus_to_exitcode(status)})"
            return Answer(error=f"Its process ended without an answer{how}.")

    def _reap(self) -> int | None:
        with contextlib.suppress(ChildProcessError):
            return os.waitpid(self._pid, 0)[1]
        return None


def _spawned(command: Sequence[str], write: int, look: Look) -> int:
    arguments = [*command, str(write), msgspec.json.encode(look).decode()]
    os.set_inheritable(write, True)
    sys.stdout.flush()
    return os.posix_spawn(arguments[0], arguments, os.environ, setpgroup=0)


def _forked(write: int, world: worlds.World, look: Look) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _child(write, world, look)
    return pid


def _child(write: int, world: worlds.World, look: Look) -> None:
    """Be the child: look, answer, and leave without running anything of the parent's."""
    status = 1
    try:
        from weft.executors import linux

        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.setpgid(0, 0)
        linux.die_with_parent(signal.SIGKILL)
        answer(world, write, look)
        status = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def answer(world: worlds.World, write: int, look: Look) -> None:
    """Look, and write the answer to a descriptor."""
    found = evaluate(world, look.sensor, cursor=look.cursor, last_tick=look.last_tick, now=look.now)
    content = memoryview(msgspec.json.encode(found))
    while content:
        content = content[os.write(write, content) :]
