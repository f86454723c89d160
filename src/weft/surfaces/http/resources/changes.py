"""What changed, for screens: one stream a browser, of digests instead of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

import msgspec

from weft.model import errors
from weft.surfaces.http import changes, digests, problems, routing
from weft.surfaces.http.call import Call, Stream

if TYPE_CHECKING:
    from weft.surfaces.http.call import State

routes = routing.Routes(tag="events")

_MAKER = "changes"


def on_start(state: State) -> None:
    """Be ready to make digests; nothing is done before somebody listens."""

    def below(assets: Iterable[str]) -> set[str] | None:
        with state.serving.world() as world:
            graph = world.planned
            found, waiting = set[str](), [each for each in assets if each in graph.assets]
            while waiting:
                asset = waiting.pop()
                if asset in found:
                    continue
                found.add(asset)
                if len(found) > digests.MOST_NAMED:
                    return None
                waiting += graph.downstream(asset)
            return found

    def standing() -> Mapping[str, object] | None:
        try:
            with state.serving.world() as world:
                return state.serving.standings.all(world, state.serving.clock.now())
        except errors.WeftError:  # nobody can say now; the screens say so themselves, by the answers that they get
            return None

    state.extras[_MAKER] = changes.Maker(state.serving.open_ledger, below, standing, state.serving.clock)


def on_stop(state: State) -> None:
    """End every stream."""
    maker_of(state).stop()


def maker_of(state: State) -> changes.Maker:
    """What makes the digests of this process."""
    found: changes.Maker = state.extras[_MAKER]
    return found


class ChangesQuery(routing.Query, frozen=True, kw_only=True):
    """From where on."""

    after: (
        Annotated[
            int, msgspec.Meta(ge=0, le=2**53, description="Tell first, as one, what changed after this position.")
        ]
        | None
    ) = None


@routes.get(
    "/changes", scope="events.read", query=ChangesQuery, stream=True, summary="Follow what changes, in few words"
)
def follow(call: Call, query: ChangesQuery) -> Stream:
    """Server-sent events for screens: what changed within the last quarter of a second, as one.

    `hello` comes first, with the position of the log. `change` has a `ChangeView`: which runs, assets (also those below
    what happened) and pipelines were touched, and in which areas; `many` where more was than is named. A client that
    comes back with `Last-Event-ID` (or `after`) is told first what it missed. A comment every 15 seconds keeps the
    connection.
    """
    after = query.after
    last = call.headers.get("last-event-id", "")
    if last:
        if not (last.isascii() and last.isdecimal() and len(last) < 16):
            raise problems.Refused(
                400,
                "usage",
                f"Last-Event-ID is {last[:100]!r}, which is no position in the log.",
                remedy="Send the id of the last event of this stream, or leave it out.",
            )
        after = int(last)
    return Stream(changes.streamed(maker_of(call.state), after))
