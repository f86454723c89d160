"""All checks of all assets, the worst first: what each is for, how it went last, and how many partitions fail it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from weft.model import graph as graphs
from weft.ports import paging as ports
from weft.service import views
from weft.service import world as worlds

State = Literal["failed", "warned", "passed", "never"]
"""failed: on some partition; warned: the same for a check that only warns; never: it has no result yet."""
Place = tuple[int, str, str]
"""Where a check stands in the list: how bad it is, its asset, its name."""


class LastResult(views.View, frozen=True, kw_only=True):
    """The newest result of a check, over all partitions."""

    partition: str | None
    passed: bool
    at: str
    run: str | None
    description: str


class CheckView(views.View, frozen=True, kw_only=True):
    """A check of an asset. `results`: the partitions that have one; `failed`: those on which the latest failed."""

    asset: str
    check: str
    description: str
    blocking: bool
    severity: str
    group: str
    owners: list[str]
    state: State
    results: int
    failed: int
    last: LastResult | None


class Counts(views.View, frozen=True, kw_only=True):
    """How many checks there are in all, and how many of them fail or warn."""

    checks: int
    failed: int
    warned: int


def placed(
    world: worlds.World,
    failing: Mapping[tuple[str, str], int],
    *,
    state: Literal["failed", "warned", "well"] | None = None,
    blocking: bool | None = None,
    severity: str | None = None,
    text: str = "",
) -> list[tuple[Place, graphs.Check]]:
    """The checks of these filters in the order in which they are listed; "well" are those that don't fail."""
    words = text.lower().split()
    found = []
    for check in world.graph.checks:
        bad = _badness(check, failing)
        if state is not None and state != ("well" if bad == _WELL else "warned" if bad == _WARNED else "failed"):
            continue
        if (blocking is not None and check.blocking != blocking) or (severity and check.severity != severity):
            continue
        name = f"{check.asset} {check.name}".lower()
        if all(word in name for word in words):
            found.append(((bad, str(check.asset), check.name), check))
    return sorted(found, key=lambda each: each[0])


def counted(world: worlds.World, failing: Mapping[tuple[str, str], int]) -> Counts:
    """How many of all checks there are, and fail."""
    bad = [_badness(check, failing) for check in world.graph.checks]
    return Counts(
        checks=len(bad),
        failed=sum(1 for each in bad if each < _WARNED),
        warned=sum(1 for each in bad if each == _WARNED),
    )


def viewed(
    world: worlds.World,
    checks: Sequence[graphs.Check],
    tallies_of: Callable[[str], Mapping[str, ports.CheckTally]],
) -> list[CheckView]:
    """Checks with how they went; `tallies_of` is asked once for each asset."""
    tallies = {asset: tallies_of(asset) for asset in dict.fromkeys(str(each.asset) for each in checks)}
    return [_view(world, each, tallies[each.asset].get(each.name)) for each in checks]


_WARNED, _WELL = 2, 3


def _badness(check: graphs.Check, failing: Mapping[tuple[str, str], int]) -> int:
    if not failing.get((str(check.asset), check.name)):
        return _WELL
    if check.severity == "warn":
        return _WARNED
    return 0 if check.blocking else 1


def _view(world: worlds.World, check: graphs.Check, tally: ports.CheckTally | None) -> CheckView:
    asset = world.graph.assets[check.asset]
    state: State = "never"
    if tally is not None:
        state = "passed" if not tally.failed else "warned" if check.severity == "warn" else "failed"
    return CheckView(
        asset=check.asset,
        check=check.name,
        description=check.description,
        blocking=check.blocking,
        severity=check.severity,
        group=asset.group,
        owners=list(asset.owners),
        state=state,
        results=tally.results if tally is not None else 0,
        failed=tally.failed if tally is not None else 0,
        last=None
        if tally is None
        else LastResult(
            partition=tally.last.key or None,
            passed=tally.last.passed,
            at=views.time_of_us(tally.last.at) or "",
            run=tally.last.run or None,
            description=tally.last.description,
        ),
    )
