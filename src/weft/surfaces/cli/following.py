"""Following what a server runs to its end: progress by its events, Ctrl-C that only lets go, how it went."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click
import msgspec

from weft.ledger import codec
from weft.model import control_events, errors, events
from weft.surfaces.cli import screen

if TYPE_CHECKING:
    from weft.service import views
    from weft.service.execution import views as execution_views
    from weft.service.queue import waiting
    from weft.surfaces.cli import progress as progresses
    from weft.surfaces.cli import remote

_TYPES = (
    "RunCreated", "RunFinished", "InputRequested", "ExecutionFinished", "StepSucceeded", "AttemptsStarted",
    "StepReused", "StepParked", "StepMapped", "AttemptFailed", "StepsFinished",
)  # fmt: skip
"""Events that say how far runs are."""


class Detached(Exception):  # noqa: N818 - it is no error
    """Whoever followed a run has let go of it; it goes on."""


class _Position(msgspec.Struct):
    position: int


class _Whole(msgspec.Struct):
    body: dict[str, Any]


def position(server: remote.Server) -> int:
    """How far the log of a server is, so that what comes after can be followed."""
    return server.get("/health", _Position).position


def run(
    server: remote.Server, view: views.RunView, progress: progresses.Progress, *, after: int = 0
) -> views.ApplyView:
    """Follow a run until it has ended, or waits for a person, and return how it stands then.

    What happened up to the position `after` of the log is past: it does not end it.

    Raises:
        Detached: by Ctrl-C.
        WeftError: the server is gone; the run goes on once it is back.
    """
    from weft.service import views as shown

    _tell_waits(server, view.id, progress)
    progress.started(None, view.id, view.steps)
    if after:
        progress.ahead(view.succeeded + view.reused)
    with _let_go(progress, f"Run {screen.short(view.id)}", f"weft cancel {screen.short(view.id)}"):
        with contextlib.closing(server.events("/events", run=view.id, types=_TYPES, after=after)) as stream:
            for event in _decoded(server, stream):
                progress.listen([event])
                if isinstance(event, events.RunFinished) or _is_asking(event):
                    break
        return server.get("/runs/{}/result", shown.ApplyView, view.id)


def execution(
    server: remote.Server,
    view: execution_views.ExecutionView,
    after: int,
    progress: progresses.Progress,
    told: Callable[[str], None] | None = None,
) -> views.ApplyView:
    """Follow an execution until it has ended, and return how it went.

    Args:
        server: what carries it out.
        view: the execution.
        after: the position of the log before it was created.
        progress: what is told of each event.
        told: called with the id of each of its runs that has ended.

    Raises:
        Detached: by Ctrl-C.
        WeftError: the server is gone; the execution goes on once it is back.
    """
    from weft.service import views as shown

    mine: set[str] = set()
    progress.started(None, view.id, view.total)
    for each in view.waits_for:
        progress.say(f"Waiting: {each}")
    what = f"weft executions cancel {screen.short(view.id)}"
    with _let_go(progress, f"The execution {screen.short(view.id)}", what):
        if view.phase != "finished":
            with contextlib.closing(server.events("/events", types=_TYPES, after=after)) as stream:
                for event in _decoded(server, stream):
                    if isinstance(event, events.RunCreated) and event.execution == view.id:
                        if not mine:
                            _tell_waits(server, event.run, progress)
                        mine.add(event.run)
                    if getattr(event, "run", None) in mine:
                        progress.listen([event])
                        if told is not None and isinstance(event, events.RunFinished):
                            told(event.run)
                    if isinstance(event, control_events.ExecutionFinished) and event.execution == view.id:
                        break
        return server.get("/executions/{}/result", shown.ApplyView, view.id)


def _is_asking(event: events.Event) -> bool:
    return isinstance(event, events.InputRequested) and event.suspended


def _tell_waits(server: remote.Server, run: str, progress: progresses.Progress) -> None:
    """Say on what a run waits, where that is not merely its turn."""
    from weft.service.queue import waiting as waits

    found: waiting.WhyView = server.get("/runs/{}/why", waits.WhyView, run)
    for each in found.reasons:
        if each.kind != "priority":
            progress.say(f"Waiting: {each.text}" + (f" {each.remedy}" if each.remedy else ""))


def _decoded(server: remote.Server, stream: Iterator[tuple[str, Any]]) -> Iterator[events.Event]:
    """The events of a stream; those that this weft does not know are passed over."""
    for _, told in stream:
        body = told.get("body")
        if body is None:  # it is too large for a stream
            body = server.get("/ledger/events/{}", _Whole, str(told["position"])).body
        try:
            yield codec.decode(msgspec.json.encode(body), told["position"])
        except errors.LedgerError:  # of a newer server; progress does without
            continue


@contextlib.contextmanager
def _let_go(progress: progresses.Progress, what: str, command: str) -> Iterator[None]:
    """On Ctrl-C leave what runs alone, and say how it is ended."""
    try:
        yield
    except KeyboardInterrupt:
        progress.close()
        click.echo(f"{what} goes on at the server. `{command}` ends it.", err=True)
        raise Detached from None
    finally:
        progress.close()
