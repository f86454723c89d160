"""What the steps of a run returned: small values as they are, of larger ones what they are, and their beginning."""

from __future__ import annotations

from typing import Any

import msgspec

from weft.ledger import codec
from weft.model import errors, events, stored
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service.run import run_details
from weft.storage import plain_reading


class KeptView(views.View, frozen=True, kw_only=True):
    """How a value is kept. `whole`: what is told of it is all of it.

    `opens`: its beginning can be read as text; `handed_out`: its bytes can be downloaded.
    """

    format: str
    type: str
    size: int | None
    whole: bool
    opens: bool
    handed_out: bool
    metadata: dict[str, Any]


class ValueView(views.View, frozen=True, kw_only=True):
    """What a step run returned, and what it pushed under a name: JSON where it is small and plain, else what it is.

    `returned_as` and `named_as` say how each is kept; a value that could not be stored has none.
    """

    step: str
    item: str
    returned: object
    returned_as: KeptView | None
    named: dict[str, Any]
    named_as: dict[str, KeptView]


class BeginningView(views.View, frozen=True, kw_only=True):
    """The beginning of a value as text: JSON laid out in lines, of a table a row a line. `whole`: that is all of it."""

    format: str
    type: str
    size: int | None
    text: str
    whole: bool


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Which value of a run: what a step run returned, or pushed under a `name`; without a step what the flow returned.

    `step` may be given without its pipeline.
    """

    step: str | None = None
    item: str = ""
    name: str = ""


def values(ledger: ledgers.Ledger, row: ledgers.RunRow, place: Place) -> ValueView:
    """The result of a step run, or of a flow's run.

    Raises:
        NotFoundError: there is none.
    """
    step, returned, named = _results(ledger, row, place)
    return ValueView(
        step=step,
        item=place.item,
        returned=run_details.plain(returned) if returned is not None else None,
        returned_as=_kept(returned) if returned is not None else None,
        named={name: run_details.plain(value) for name, value in named.items()},
        named_as={name: _kept(value) for name, value in named.items()},
    )


def value(ledger: ledgers.Ledger, row: ledgers.RunRow, place: Place) -> stored.StoredValue:
    """One value of a run, where it is kept.

    Raises:
        NotFoundError: there is none.
    """
    _, returned, named = _results(ledger, row, place)
    found = named.get(place.name) if place.name else returned
    if found is None:
        raise errors.NotFoundError(
            f"Nothing is kept as {place.name!r} of {place.step!r}." if place.name else "What it returned is not kept.",
            remedy=f"There are: {', '.join(sorted(named)[:10])}." if named else f"`weft runs {row.id[:8]}` shows it.",
        )
    return found


def beginning(storage: plain_reading.PlainStorage, found: stored.StoredValue, most: int) -> BeginningView:
    """The first `most` bytes of a value as text.

    Raises:
        UsageError: it is kept in a format that has no text.
        StorageError: it is gone, damaged, or lies elsewhere.
    """
    if found.format == "none":
        told: tuple[str, bool] | None = ("null", True)
    else:
        told = storage.beginning(found, most)
    if told is None:
        raise errors.UsageError(
            f"A value that is kept as {found.format} has no text to show.",
            remedy="Download it, or read it where the project's code is.",
        )
    return BeginningView(
        format=found.format, type=found.type or found.format, size=found.size, text=told[0], whole=told[1]
    )


def _kept(found: stored.StoredValue) -> KeptView:
    small = found.format in ("json", "text") and found.inline is not None
    return KeptView(
        format=found.format,
        type=found.type or found.format,
        size=found.size,
        whole=found.format == "none" or (small and len(found.inline or b"") <= run_details.LONGEST),
        opens=_is_default(found) and found.format in ("json", "text", "parquet"),
        handed_out=_is_default(found) and plain_reading.is_handed_out(found),
        metadata={name: msgspec.json.decode(raw) for name, raw in (found.metadata or {}).items()},
    )


def _is_default(found: stored.StoredValue) -> bool:
    """Whether the storage that a server reads wrote it: what other IO managers wrote, user code alone can read."""
    return found.io is None or found.inline is not None


def _results(
    ledger: ledgers.Ledger, row: ledgers.RunRow, place: Place
) -> tuple[str, stored.StoredValue | None, dict[str, stored.StoredValue]]:
    if place.step is None:
        last = ledger.last_event(row.id, "RunFinished") if row.request.startswith("flow ") else None
        ended = codec.decode(last.body, last.position) if last is not None else None
        if isinstance(ended, events.RunFinished) and ended.outcome == "succeeded":
            return row.pipeline or "", ended.result, {}
        raise errors.NotFoundError(
            f"The run {row.id} has no result of its own.",
            remedy="A flow has one once it has succeeded; of a DAG, name the `step`.",
        )
    step = place.step
    if row.pipeline is not None and not step.startswith(f"{row.pipeline}:"):
        step = f"{row.pipeline}:{step}"
    found = ledger.step_run_page(row.id, limit=1, step=step, item=place.item)
    logged = ledger.logged(after=found[0].position - 1, limit=1)[0] if found and found[0].position else []
    event = codec.decode(logged[0].body, logged[0].position) if logged else None
    task = event.task if isinstance(event, events.StepSucceeded | events.StepReused) else None
    if task is None:
        raise errors.NotFoundError(
            f"The run {row.id} has no result of {place.step!r}" + (f" [{place.item}]." if place.item else "."),
            remedy=f"`GET /runs/{row.id}/step-runs` lists what has ended.",
        )
    return step, task.value, dict(task.named)
