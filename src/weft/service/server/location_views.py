"""Code locations and workers to look at."""

from __future__ import annotations

from typing import Any

import msgspec

from weft.model import errors, spelling
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.ports import locations as ports
from weft.runtime import owners
from weft.service import views

SEEN_SECONDS = 20.0
"""A process of another machine that was not seen for so long is taken for gone."""


class ProblemView(views.View, frozen=True, kw_only=True):
    """What is wrong with the definitions of a location; `file` is relative to its root."""

    message: str
    remedy: str
    file: str
    line: int
    code: str


class LocationView(views.View, frozen=True, kw_only=True):
    """A code location. `state` is loaded, failed (its last good definitions stay in force), or never loaded."""

    name: str
    state: str
    source: str
    snapshot: str
    loaded_at: str | None
    failed_at: str | None
    problems: list[ProblemView]
    definitions: dict[str, int]
    """How many of each kind: asset, pipeline, job, automation."""
    workers: int


class WorkerView(views.View, frozen=True, kw_only=True):
    """A process that serves a location: a worker, or a host that takes no runs; not `alive` where it died unheard."""

    id: str
    kind: str
    location: str
    host: str
    pid: int
    state: str
    runs: list[str]
    most: int
    pools: list[str] | None
    python: str
    started_at: str | None
    seen_at: str | None
    alive: bool


def listed(ledger: ledgers.Ledger, clock: clocks.Clock) -> list[LocationView]:
    """The locations that are configured, by name."""
    counts: dict[str, dict[str, int]] = {}
    for each in ledger.definitions().values():
        kinds = counts.setdefault(each.location, {})
        kind = each.name.partition(":")[0]
        kinds[kind] = kinds.get(kind, 0) + 1
    there = [each.location for each in workers(ledger, clock) if each.alive and each.kind == "worker"]
    return [
        _view(each, counts.get(each.name, {}), there.count(each.name))
        for each in ledger.locations()
        if not each.removed
    ]


def get(ledger: ledgers.Ledger, clock: clocks.Clock, name: str) -> LocationView:
    """One location.

    Raises:
        UsageError: there is none of that name.
    """
    known = {each.name: each for each in listed(ledger, clock)}
    if name not in known:
        raise errors.UsageError(
            f"There is no code location {name!r}.",
            remedy=spelling.did_you_mean(name, known) or "`weft locations` lists them.",
        )
    return known[name]


def workers(ledger: ledgers.Ledger, clock: clocks.Clock) -> list[WorkerView]:
    """The workers and hosts that were seen, by location."""
    now = clocks.microseconds(clock.now())
    found = [_worker(each, now) for each in ledger.workers_seen() if each.kind in ("worker", "host")]
    return sorted(found, key=lambda each: (each.location, each.id))


def _view(row: ports.LocationRow, counts: dict[str, int], there: int) -> LocationView:
    return LocationView(
        name=row.name,
        state="failed" if row.problems else "loaded" if row.snapshot else "never loaded",
        source=row.source,
        snapshot=row.snapshot,
        loaded_at=views.time_of_us(row.loaded) if row.loaded else None,
        failed_at=views.time_of_us(row.failed) if row.problems and row.failed else None,
        problems=[
            ProblemView(message=each.message, remedy=each.remedy, file=each.file, line=each.line, code=each.code)
            for each in row.problems
        ],
        definitions=counts if row.snapshot else {},
        workers=there,
    )


def _worker(row: ports.WorkerRow, now: int) -> WorkerView:
    body: dict[str, Any] = msgspec.json.decode(row.body)
    expires = row.seen + int(SEEN_SECONDS * 1e6)
    return WorkerView(
        id=row.id,
        kind=row.kind,
        location=str(body.get("location", "")),
        host=str(body.get("host", "")),
        pid=int(body.get("pid", 0)),
        state=str(body.get("state", "")),
        runs=[str(each) for each in body.get("runs", ())],
        most=int(body.get("most", 0)),
        pools=[str(each) for each in body["pools"]] if body.get("pools") is not None else None,
        python=str(body.get("python", "")),
        started_at=views.time_of_us(row.started),
        seen_at=views.time_of_us(row.seen),
        alive=not owners.is_dead(owners.decode(row.owner), expires=expires, now=now),
    )
