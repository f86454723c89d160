"""Carrying an operation out, in a process that has the code of its location; the answer is JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from weft.model import errors
from weft.ports import operating as ports
from weft.service import doctoring, views
from weft.service import world as worlds
from weft.service.asset import checking, cleaning, publishing
from weft.service.automation import automation_views
from weft.service.server import operations

MOST_CHECKS = 5000
"""Of more results an answer has those that failed, and as many of the others."""


class ChecksAnswer(views.View, frozen=True, kw_only=True):
    """What checks found; `left_out` of the items are not listed, those that passed first of all."""

    checks: int
    passed: int
    serious: int
    """Failures that count: of blocking checks, or of the severity "error"."""
    published: int
    """Versions that had been rejected and became current."""
    items: list[checking.CheckView]
    left_out: int


class VerifyAnswer(views.View, frozen=True, kw_only=True):
    """Whether the tables of the ledger are what its events say."""

    passed: bool
    events: int
    rows: dict[str, int]
    differences: dict[str, list[str]]
    unreadable: list[str]
    damage: list[str]


class DoctorAnswer(views.View, frozen=True, kw_only=True):
    """What was looked at, one finding each."""

    passed: bool
    findings: list[doctoring.Finding]


class Verification(Protocol):
    """What a ledger found of itself."""

    @property
    def events(self) -> int:
        """How many were folded."""

    @property
    def rows(self) -> Mapping[str, int]:
        """How many there are, by table."""

    @property
    def differences(self) -> Mapping[str, Sequence[str]]:
        """What is not as the events say, by table."""

    @property
    def unreadable(self) -> Sequence[str]:
        """Events that could not be read."""

    @property
    def passed(self) -> bool:
        """Whether it is sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What is known only to whoever put the world together."""

    look: Callable[[], Sequence[doctoring.Finding]]
    """Looks the installation over."""
    verify: Callable[[], Verification]
    """Compares the tables of the ledger with its events."""


def carried_out(world: worlds.World, location: str, row: ports.OperationRow, means: Means) -> bytes:
    """Do what is asked for.

    Raises:
        WeftError: it could not be done.
    """
    match row.kind:
        case "check":
            asked = msgspec.json.decode(row.ask, type=operations.CheckAsk)
            return msgspec.json.encode(_checks(checking.check(world, None, asked.partitions, assets=asked.assets)))
        case "sensor":
            wanted = msgspec.json.decode(row.ask, type=operations.SensorAsk)
            return msgspec.json.encode(automation_views.try_sensor(world, wanted.sensor, cursor=wanted.cursor))
        case "gc":
            rule: dict[str, Any] = msgspec.structs.asdict(msgspec.json.decode(row.ask, type=operations.GcAsk))
            return msgspec.json.encode(cleaning.gc(world, besides=_of_others(world, location), **rule))
        case "verify":
            return msgspec.json.encode(_verified(world, means.verify))
        case "doctor":
            found = list(means.look())
            passed = all(each.level != "problem" for each in found)
            return msgspec.json.encode(DoctorAnswer(passed=passed, findings=found))
        case "publish":
            publishing.publish(world, msgspec.json.decode(row.ask, type=operations.PublishAsk).assets)
            return b"null"
        case other:
            raise errors.UsageError(f"This worker knows no operation {other!r}.", remedy="Install the server's weft.")


def _checks(found: list[checking.CheckView]) -> ChecksAnswer:
    listed = sorted(found, key=lambda each: each.passed)[:MOST_CHECKS]
    return ChecksAnswer(
        checks=len(found),
        passed=sum(each.passed for each in found),
        serious=sum(each.serious for each in found),
        published=len({(each.asset, each.partition) for each in found if each.published}),
        items=listed,
        left_out=len(found) - len(listed),
    )


def _verified(world: worlds.World, verify: Callable[[], Verification]) -> VerifyAnswer:
    damage = list(world.ledger.health())
    found = verify()
    return VerifyAnswer(
        passed=found.passed and not damage,
        events=found.events,
        rows=dict(found.rows),
        differences={table: list(each)[:50] for table, each in found.differences.items()},
        unreadable=list(found.unreadable)[:50],
        damage=damage[:50],
    )


def _of_others(world: worlds.World, location: str) -> frozenset[str]:
    """The assets that other locations make: only these know what stores their values."""
    assets = world.definitions.graph.assets
    own = {key for key, each in assets.items() if each.step is not None or each.made_by is not None}
    return frozenset(
        name.removeprefix("asset:")
        for name, row in world.ledger.definitions().items()
        if row.location != location and name.startswith("asset:") and name.removeprefix("asset:") not in own
    )
