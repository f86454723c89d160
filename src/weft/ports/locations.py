"""Code locations, the versions of definitions and the processes that are there, as the ledger keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from weft.model import control_events


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRow:
    """A code location. Times are microseconds since the epoch.

    `snapshot` is the digest of the definitions that were read last, "" where they never were. `problems` are what the
    last attempt to read them found, empty when it went well.
    """

    name: str
    snapshot: str
    loaded: int | None
    source: str
    problems: tuple[control_events.Problem, ...]
    failed: int | None
    removed: bool
    changed: int
    """Position of the last event about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionRow:
    """One version of a definition: `asset:KEY`, `pipeline:NAME`, `job:NAME`, `automation:ID`.

    `digest` is that of its document, "" where the definition was taken away.
    """

    name: str
    position: int
    digest: str
    location: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRow:
    """A process that was there at `seen`. `owner` identifies it, `body` is a JSON object of what it says of itself."""

    id: str
    kind: str
    owner: str
    started: int
    seen: int
    body: bytes


class LocationReader(Protocol):
    """Reads locations, definitions and workers."""

    def locations(self) -> list[LocationRow]:
        """The code locations by name, removed ones too."""

    def locations_mark(self) -> tuple[int, int]:
        """Something that is another when a location has changed."""

    def definitions(self) -> dict[str, DefinitionRow]:
        """The version in force of each definition that is not taken away, by name."""

    def definition_versions(self, name: str) -> list[DefinitionRow]:
        """All versions of a definition, newest first."""

    def documents(self, digests: list[str]) -> dict[str, bytes]:
        """Documents by their digests, as far as they are kept."""

    def workers_seen(self) -> list[WorkerRow]:
        """The processes that were seen, by id."""


class LocationWriter(Protocol):
    """Writes which processes are there."""

    def put_worker_seen(self, row: WorkerRow) -> None:
        """Note that a process is there."""

    def remove_worker_seen(self, id: str) -> None:  # noqa: A002 - the word of the row
        """Note that a process has gone."""
