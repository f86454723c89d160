"""A host as its supervisor sees it: a process with a channel to it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from weft.codehost import locations as codelocations
from weft.codehost import project as projects
from weft.model import control_events
from weft.surfaces.processes import channel as channels
from weft.surfaces.processes import host as hosts
from weft.surfaces.processes import runner as runners

if TYPE_CHECKING:
    from weft import wiring

GRACE_SECONDS = 30.0
_MODULE = "weft.surfaces.processes.host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the hosts are to do."""

    takes_runs: bool = True
    pools: tuple[str, ...] | None = None
    most: int = 16
    jobs: int | None = None
    watch: bool = True
    grace: float = GRACE_SECONDS
    slow_after: float = 30.0
    """After so many seconds of loading it is told that it takes long, and at which line it is."""


def settings_of(place: wiring.Place, location: codelocations.Location, options: Options) -> hosts.HostSettings:
    """What the host of a location is told."""
    where = runners.Where(start=str(place.start), file=place.file, module=place.module)
    if place.file is None and place.module is None:
        where = runners.Where(start=where.start, location=location.name)
    return hosts.HostSettings(
        location=location.name, where=where, source=location.source, most=options.most, takes_runs=options.takes_runs,
        pools=options.pools, jobs=options.jobs, slow_after=options.slow_after,
    )  # fmt: skip


class HostProcess:
    """One host that was started."""

    def __init__(self, location: codelocations.Location, settings: hosts.HostSettings) -> None:
        """Start the host of a location.

        Raises:
            OSError: its interpreter can't be started.
        """
        self.location = location
        self.channel, theirs = channels.pair()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the interpreter that the project configures
                [
                    str(location.python),
                    "-P",
                    "-m",
                    _MODULE,
                    str(theirs.fileno()),
                    msgspec.json.encode(settings).decode(),
                ],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={**os.environ, projects.HOME_VARIABLE: str(location.project.home)},
            )
        except BaseException:
            self.channel.close()
            raise
        finally:
            theirs.close()
        self.handle = os.pidfd_open(self._process.pid)
        """Readable when the process has ended."""
        self.begun = time.monotonic()
        self.loaded_at: float | None = None
        self.told_failure = False
        self._told_slow = False

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def is_slow(self, seconds: float) -> bool:
        """Whether it has been loading for longer than that; told once."""
        if self._told_slow or time.monotonic() - self.begun < seconds:
            return False
        self._told_slow = True
        return True

    @property
    def status(self) -> int | None:
        """The exit code, negative for a signal; None while it lives."""
        return self._process.returncode

    def kill(self) -> None:
        """End it and all in its group at once."""
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it has ended by itself
            self._process.wait()

    def forget(self) -> None:
        """Let go of what belongs to a process that has ended."""
        self.channel.close()
        os.close(self.handle)


def problem_of_interpreter(python: Path, status: int | None) -> control_events.Problem:
    """Why a host ended before it had said anything: most often its interpreter has no weft."""
    try:
        tried = subprocess.run(  # noqa: S603 - the interpreter that the project configures
            [str(python), "-P", "-c", f"import {_MODULE}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        lines = tried.stderr.strip().splitlines() if tried.returncode else []
    except (OSError, subprocess.SubprocessError) as error:
        lines = [str(error)]
    if lines:
        return control_events.Problem(
            message=f"The interpreter {python} cannot run a code host: {lines[-1]}",
            remedy="Install weft, in the version of this server, into its environment.",
            code="host-interpreter",
        )
    how = f"was ended by signal {-status}" if status is not None and status < 0 else f"ended with code {status}"
    return control_events.Problem(
        message=f"The process that loads the definitions {how}.",
        remedy="Load them by hand to see why: `weft ls`.",
        code="host-died",
    )
