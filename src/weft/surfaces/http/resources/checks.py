"""Checks over all assets, with how they went."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from weft.service import views
from weft.service.asset import check_views
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Call

routes = routing.Routes(tag="assets")


class ChecksQuery(paging.Paged, frozen=True, kw_only=True):
    """Which checks; all, if nothing is said."""

    state: (
        Annotated[
            Literal["failed", "warned", "well"], msgspec.Meta(description="How they went; `well`: no partition fails.")
        ]
        | None
    ) = None
    blocking: bool | None = None
    severity: Literal["error", "warn"] | None = None
    q: Annotated[str, msgspec.Meta(max_length=200, description="Words in the names of asset and check.")] = ""


class ChecksPage(views.View, frozen=True, kw_only=True):
    """Some checks, the worst first; `counts` are of all that there are."""

    items: list[check_views.CheckView]
    next: str | None
    counts: check_views.Counts


@routes.get("/checks", scope="assets.read", query=ChecksQuery, answer=ChecksPage, summary="List checks")
def list_checks(call: Call, query: ChecksQuery) -> ChecksPage:
    """The checks of all assets, with the newest result of each and on how many partitions it fails."""
    at = paging.place("checks", query, int, str, str)
    with call.world() as world:
        failing = world.ledger.failing_check_counts()
        placed = check_views.placed(
            world, failing, state=query.state, blocking=query.blocking, severity=query.severity, text=query.q
        )
        if at is not None:
            placed = [each for each in placed if each[0] > at]
        page = placed[: query.limit]
        items = check_views.viewed(world, [check for _, check in page], world.ledger.check_tallies)
        counts = check_views.counted(world, failing)
    following = paging.cursor("checks", query, *page[-1][0]) if len(placed) > len(page) else None
    return ChecksPage(items=items, next=following, counts=counts)
