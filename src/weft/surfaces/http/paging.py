"""Cursors of long lists: where a page ended, opaque to clients, and bound to what they asked for.

A cursor holds no secret and grants nothing: it says where a list goes on. It is refused for another list or another
filter than the one that it was given out for, since it would skip at random there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec

from weft.ports import clock as clocks
from weft.surfaces.http import problems, routing

MOST = 500
Limit = Annotated[int, msgspec.Meta(ge=1, le=MOST, description="How many items a page has at most.")]
Cursor = (
    Annotated[
        str,
        msgspec.Meta(
            description="`next` of the page before; None for the first page.", extra_json_schema={"maxLength": 500}
        ),
    ]
    | None
)
_Item = TypeVar("_Item")

MOMENT_PATTERN = r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$"
Moment = Annotated[
    str,
    msgspec.Meta(
        pattern=MOMENT_PATTERN,
        max_length=40,
        extra_json_schema={"format": "date-time"},
    ),
]
"""A time in a query: RFC 3339, with its zone."""


def moment(name: str, text: str | None) -> int | None:
    """The microseconds since the epoch of a time in the query parameter `name`.

    Raises:
        Refused: there is no such time.
    """
    found = time(name, text)
    return clocks.microseconds(found) if found is not None else None


def time(name: str, text: str | None) -> datetime | None:
    """The time in the query parameter `name`.

    Raises:
        Refused: there is no such time.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.upper())
        clocks.microseconds(found)
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise problems.Refused(
            422,
            "usage",
            f"{name} is {text!r}, which is no time: {error}.",
            remedy="Write, for example, 2026-01-31T09:00:00Z.",
            fields=(problems.FieldProblem(field=f"query.{name}", value=text, problem="is no time"),),
        ) from None


class _Place(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    of: str
    at: list[int | str]


_decode = msgspec.json.Decoder(_Place).decode


class Paged(routing.Query, frozen=True, kw_only=True):
    """What every list takes."""

    limit: Limit = 50
    cursor: Cursor = None


def _of(name: str, query: Paged) -> str:
    """What a cursor is for: the list and all that was asked of it but for the page."""
    asked = {key: value for key, value in msgspec.structs.asdict(query).items() if key not in ("limit", "cursor")}
    return hashlib.blake2b(name.encode() + msgspec.json.encode(asked, order="sorted"), digest_size=6).hexdigest()


def cursor(name: str, query: Paged, *at: int | str) -> str:
    """The cursor for what comes after `at`, in the list `name`."""
    content = msgspec.json.encode(_Place(_of(name, query), list(at)))
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def place(name: str, query: Paged, *kinds: type) -> tuple[Any, ...] | None:
    """Where the page that is asked for begins, None for the first one; its values are of these kinds.

    Raises:
        Refused: the cursor is none, or one of another list or filter.
    """
    if query.cursor is None:
        return None
    try:
        content = base64.b64decode(query.cursor + "=" * (-len(query.cursor) % 4), altchars=b"-_", validate=True)
        found = _decode(content)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise _refused(query.cursor, "is no cursor of this API") from None
    if found.of != _of(name, query):
        raise _refused(query.cursor, "is a cursor of another list or filter")
    if len(found.at) != len(kinds) or not all(map(isinstance, found.at, kinds)):
        raise _refused(query.cursor, "is no cursor of this API")
    if any(isinstance(each, int) and not -(2**63) <= each < 2**63 for each in found.at):
        raise _refused(query.cursor, "is no cursor of this API")
    return tuple(found.at)


def _refused(cursor: str, problem: str) -> problems.Refused:
    return problems.Refused(
        422,
        "cursor",
        f"The cursor {problem}.",
        remedy="Take `next` of the page before, with the same filters; leave it out for the first page.",
        fields=(problems.FieldProblem(field="query.cursor", value=problems.told(cursor), problem=problem),),
    )


def cut(name: str, query: Paged, items: Sequence[_Item], key: Callable[[_Item], str]) -> tuple[list[_Item], str | None]:
    """A page of a list that is there as a whole, in order of the items' keys, and the cursor of the next page."""
    after = place(name, query, str)
    ordered = sorted(items, key=key)
    if after is not None:
        import bisect

        ordered = ordered[bisect.bisect_right(ordered, after[0], key=key) :]
    page = ordered[: query.limit]
    return page, cursor(name, query, key(page[-1])) if len(ordered) > len(page) else None
