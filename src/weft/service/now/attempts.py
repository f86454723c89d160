"""The attempt behind a failure: its error, the line of the project in which it happened, and its log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from weft.ledger import codec
from weft.model import events
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.service.now import words
from weft.service.run import log_pages

_FRAME = re.compile(r'^  File "(?P<file>[^"\n]+)", line (?P<line>\d+), in (?P<function>\S+)', re.MULTILINE)
_FOREIGN = re.compile(r"[/\\](site-packages|dist-packages|lib[/\\]python\d)|^<")
_MOST_LOOKED_AT = 500
_MOST_MESSAGE = 500
_MOST_LOG = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The attempt with which something failed for good."""

    error: words.ErrorView
    log: str | None
    attempts: int
    line: int | None = None
    """Where in the log the error begins, counted from 1."""


def of_asset(world: worlds.World, run: str, asset: str, partition: str | None) -> Failed | None:
    """The attempt of a run with which a partition of an asset failed; None where the run does not tell."""
    for position, event in _failures(world.ledger, run):
        if event.partition == partition and (asset in event.assets or event.step == asset):
            return _told(world, event, position)
    return None


def all_of_run(world: worlds.World, run: str, *, most: int) -> list[Failed]:
    """The attempts with which a run failed, so many at most; where none did, the error of its flow."""
    found = [_told(world, event, position) for position, event in _failures(world.ledger, run)[:most]]
    if found:
        return found
    own = of_run(world, run)
    return [own] if own is not None else []


def of_run(world: worlds.World, run: str) -> Failed | None:
    """The attempt with which a run failed first; of a flow that failed outside of its tasks its own error."""
    for position, event in _failures(world.ledger, run):
        return _told(world, event, position)
    last = world.ledger.last_event(run, "RunFinished")
    ended = codec.decode(last.body, last.position) if last is not None else None
    if not isinstance(ended, events.RunFinished) or ended.error is None:
        return None
    error = _error(ended.error, world.root, step="", partition=ended.partition, item="", attempt=1)
    return Failed(error=error, log=None, attempts=1)


def _failures(ledger: ledgers.Ledger, run: str) -> list[tuple[int, events.AttemptFailed]]:
    """The attempts of a run that failed for good, the first of them."""
    logged, _ = ledger.logged(after=0, limit=_MOST_LOOKED_AT, run=run, types=("AttemptFailed",))
    found = [(each.position, codec.decode(each.body, each.position)) for each in logged]
    return [(at, event) for at, event in found if isinstance(event, events.AttemptFailed) and event.retry_at is None]


def _told(world: worlds.World, event: events.AttemptFailed, position: int) -> Failed:
    given = event.error or events.Error(kind=event.outcome.replace("_", " "), message="")
    error = _error(
        given, world.root, step=event.step, partition=event.partition, item=event.item, attempt=event.attempt,
        check=next((each.name for made in event.outputs for each in made.checks if each.blocking and not each.passed),
                   None),
    )  # fmt: skip
    return Failed(
        error=error, log=str(position), attempts=event.attempt, line=_line(world.ledger, world.home, event, position)
    )


def _line(ledger: ledgers.Ledger, home: Path | None, event: events.AttemptFailed, position: int) -> int | None:
    """The line of its log at which the error of an attempt begins, where the log is not too long to look."""
    row = ledger.run(event.run)
    size = event.log.end - event.log.start if event.log is not None else 0
    if row is None or home is None or size > _MOST_LOG:
        return 1 if event.log is None else None
    place = log_pages.error_place(ledger, home / "logs", row, str(position))
    return place[0] if place is not None else None


def _error(
    given: events.Error,
    root: Path | None,
    *,
    step: str,
    partition: str | None,
    item: str,
    attempt: int,
    check: str | None = None,
) -> words.ErrorView:
    file, line, function = place_of(given.traceback, str(root) if root is not None else "")
    return words.ErrorView(
        type=given.kind.rpartition(".")[2] if given.kind.startswith(("weft.", "builtins.")) else given.kind,
        message=given.message[:_MOST_MESSAGE],
        file=file,
        line=line,
        function=function,
        step=step,
        partition=partition,
        item=item,
        attempt=attempt,
        check=check,
    )


@lru_cache(maxsize=512)
def place_of(traceback: str, root: str) -> tuple[str | None, int | None, str | None]:
    """File, line and function of the innermost frame in the project's own code; of any frame where none is.

    A file below `root` is named from there, and another one by its last two names.
    """
    frames = list(_FRAME.finditer(traceback))
    own = [each for each in frames if not _FOREIGN.search(each["file"])]
    if not frames:
        return None, None, None
    frame = (own or frames)[-1]
    path = Path(frame["file"])
    named = path.relative_to(root) if root and path.is_relative_to(root) else Path(*path.parts[-2:])
    return str(named), int(frame["line"]), frame["function"].strip("<>")
