"""Errors as the API tells them: `application/problem+json` (RFC 9457), with a stable code and what to do."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus
from typing import Any

import msgspec

from weft.model import diagnostics, errors

CONTENT_TYPE = "application/problem+json"
_LOG = logging.getLogger("weft.http")
_LONGEST_VALUE = 200  # letters of a wrong value that are told back
_LONGEST_TEXT = 5000  # letters of a message, which may have what was sent in it


class FieldProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one field: its path (`body.params.day`, `query.limit`), the value given, and why."""

    field: str
    problem: str
    value: Any = None


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error. `code` is stable and meant for programs, `title` and `detail` for people; `remedy` says what to do."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    remedy: str = ""
    errors: tuple[FieldProblem, ...] = ()
    id: str = ""
    """Names an unexpected error in the server's own log."""


class Refused(Exception):  # noqa: N818 - it is an answer
    """A request that is answered with a problem; raised anywhere below the app."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        remedy: str = "",
        fields: tuple[FieldProblem, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        """Answer with `status`; `headers` are added, such as Retry-After."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.remedy = remedy
        self.fields = fields
        self.headers = headers or {}

    def problem(self) -> Problem:
        """What the client gets."""
        return made(self.status, self.code, self.message, remedy=self.remedy, fields=self.fields)


def made(
    status: int,
    code: str,
    detail: str,
    *,
    remedy: str = "",
    fields: tuple[FieldProblem, ...] = (),
    identifier: str = "",
) -> Problem:
    """A problem with the title that its status has."""
    return Problem(
        type=f"urn:weft:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=_cut(detail),
        remedy=_cut(remedy),
        errors=fields,
        id=identifier,
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"


def status_of(error: errors.WeftError) -> int:
    """The status that an error of weft's is answered with."""
    match error:
        case errors.NotFoundError():
            return 404
        case errors.WeftError(code="moved") | errors.ConflictError() | errors.DriftError():
            return 409
        case errors.ReservationError() | errors.FencedError():
            return 409
        case errors.UsageError() | diagnostics.DefinitionsError() | errors.TypeMismatchError():
            return 422
        case errors.MissingExtraError():
            return 501
        case errors.LedgerError():
            return 503
        case _:
            return 500


def of(error: BaseException) -> tuple[Problem, dict[str, str]]:
    """The problem that an exception is told as, and headers; what nobody expected is logged and told by an id only."""
    if isinstance(error, Refused):
        return error.problem(), error.headers
    if isinstance(error, errors.WeftError):
        status = status_of(error)
        if status < 500 or status in (501, 503):
            headers = {"retry-after": "1"} if status == 503 else {}
            fields: tuple[FieldProblem, ...] = ()
            if isinstance(error, errors.FieldsError):
                fields = tuple(
                    FieldProblem(field=f"body.{field}", problem=problem, value=told(value))
                    for field, value, problem in error.fields
                )
            return made(status, error.code, error.message, remedy=error.remedy or "", fields=fields), headers
    identifier = secrets.token_hex(6)
    _LOG.error("unexpected error %s", identifier, exc_info=error)
    return made(
        500,
        "unexpected",
        "Something went wrong in the server.",
        remedy=f"Its log has the details under {identifier}.",
        identifier=identifier,
    ), {}


def told(value: object) -> Any:
    """A wrong value in a length that can be told back, and in a form that JSON has."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
