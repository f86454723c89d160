"""What a supervisor knows of one code location."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weft.codehost import locations as codelocations
    from weft.surfaces.processes import host_process


@dataclass(slots=True)
class Slot:
    """A location: the host that serves it, the one that loads to replace it, and those that only finish their runs."""

    location: codelocations.Location
    current: host_process.HostProcess | None = None
    coming: host_process.HostProcess | None = None
    draining: list[host_process.HostProcess] = field(default_factory=list)
    deaths: int = 0
    start_at: float | None = None
    """When a host is to be started, None for not at all."""
    failures: int = 0
    """How often its code could not be loaded since it last was."""
    conflict: bool = False
    settled: bool = False
    """Whether a host has said for the first time how its loading went."""
    reloads: int = 0
    """How often it has been loaded."""
    removed: bool = False
    """Whether it is not configured any more, and only finishes its runs."""

    @property
    def all(self) -> list[host_process.HostProcess]:
        """All its hosts that live."""
        return [each for each in (self.current, self.coming, *self.draining) if each is not None]
