"""What the steps of a run returned: looked at, opened a little, downloaded. No pickle is read here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from weft.service.run import run_values
from weft.storage import plain_reading
from weft.surfaces.http import problems, routing
from weft.surfaces.http.call import Call, Raw
from weft.surfaces.http.resources import runs

if TYPE_CHECKING:
    from weft.model import stored

routes = routing.Routes(tag="runs")

_SUFFIXES = {"json": ".json", "text": ".txt", "parquet": ".parquet", "npy": ".npy"}


class ValuesQuery(routing.Query, frozen=True, kw_only=True):
    """Which step run; without `step` what the flow itself returned."""

    step: runs.Name | None = None
    item: Annotated[str, msgspec.Meta(max_length=500)] = ""


class ValueQuery(ValuesQuery, frozen=True, kw_only=True):
    """Which value of it."""

    name: Annotated[
        str, msgspec.Meta(max_length=500, description="What was pushed under this name; without it what was returned.")
    ] = ""


class BeginningQuery(ValueQuery, frozen=True, kw_only=True):
    """How much of it."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=256 << 10, description="Bytes of text at most.")] = 64 << 10


@routes.get(
    "/runs/{id}/values", scope="runs.read", query=ValuesQuery, answer=run_values.ValueView,
    summary="Look at what a step returned",
)  # fmt: skip
def values(call: Call, id: str, query: ValuesQuery) -> run_values.ValueView:  # noqa: A002 - the word of the path
    """The result of one step run of a pipeline; of a larger value how it is kept, and whether it can be opened."""
    with call.ledger() as ledger:
        return run_values.values(ledger, runs.found(ledger, id), run_values.Place(step=query.step, item=query.item))


@routes.get(
    "/runs/{id}/values/beginning", scope="runs.read", query=BeginningQuery, answer=run_values.BeginningView,
    summary="Read the beginning of a large value",
)  # fmt: skip
def beginning(call: Call, id: str, query: BeginningQuery) -> run_values.BeginningView:  # noqa: A002
    """JSON, text, and the first rows of a table; what else there is has no text that can be shown without its code."""
    found = _value(call, id, query)
    _must_be_of_the_storage(found)
    return run_values.beginning(storage_of(call), found, query.limit)


@routes.get(
    "/runs/{id}/values/content", scope="runs.read", query=ValueQuery,
    raw=tuple(sorted({each.partition(";")[0] for each in plain_reading.MEDIA_TYPES.values()})),
    summary="Download a value",
)  # fmt: skip
def content(call: Call, id: str, query: ValueQuery) -> Raw:  # noqa: A002
    """A value as it is kept: JSON, text, bytes, a table, an array, a file; never a pickle."""
    found = _value(call, id, query)
    _must_be_of_the_storage(found)
    parts = (query.step or id[:8], query.item, query.name)
    name = "-".join(
        "".join(each if each.isalnum() or each in "._-" else "_" for each in part) for part in parts if part
    )
    return Raw(
        storage_of(call).pieces(found),
        plain_reading.MEDIA_TYPES.get(found.format, "application/octet-stream"),
        filename=f"{name[:100]}{_SUFFIXES.get(found.format, '.bin')}",
    )


def _value(call: Call, run: str, query: ValueQuery) -> stored.StoredValue:
    with call.ledger() as ledger:
        place = run_values.Place(step=query.step, item=query.item, name=query.name)
        return run_values.value(ledger, runs.found(ledger, run), place)


def _must_be_of_the_storage(found: stored.StoredValue) -> None:
    if found.io is not None and found.inline is None:
        raise problems.Refused(
            422, "usage", f"The value was written by the IO manager {found.io!r}, which a server does not run.",
            remedy="Read it where the project's code is.",
        )  # fmt: skip


def storage_of(call: Call) -> plain_reading.PlainStorage:
    """The project's own storage, read as a server may: no code of the user's is loaded."""
    from weft import wiring
    from weft.codehost import built

    return plain_reading.PlainStorage(built.storage_root(wiring.open_project(wiring.Place(start=call.serving.root))))
