"""Failures as the ledger keeps them: type, message, and the traceback from the user's first frame on."""

from __future__ import annotations

import os
import re
import traceback
import types

from weft.model import errors, events
from weft.worker import masking, texts

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep  # noqa: PTH100, PTH120 - paths of code objects are text
_ASYNCIO = os.path.dirname(traceback.__file__) + os.sep + "asyncio" + os.sep  # noqa: PTH120
_OUR_NAMES = re.compile(r"^([ |]*)weft\.[a-z_.]+\.([A-Z]\w*)(?=:|$)", re.MULTILINE)
"""The last line of a traceback of an error of weft's own, whose modules say nothing to the user."""
_LONGEST_MESSAGE = 8_000
_LONGEST_TRACEBACK = 64_000


def describe(error: BaseException, masks: masking.Masks) -> events.Error:
    """Return an exception as an event's error: masked, of bounded length, with its chain of causes.

    Frames of weft and of the event loop before the first frame of the user's are left out; of an error that weft tells
    its users, also those after the last of the user's, and causes whose message it has taken over.
    """
    try:
        text = _traceback(error)
    except BaseException as problem:  # the user's own __str__ or __repr__ may raise anything
        text = f"(the traceback cannot be shown: {qualified_name(type(problem))})"
    return events.Error(
        kind=texts.storable(masks.text(qualified_name(type(error)))),
        message=_cut(texts.storable(masks.text(_message(error))), _LONGEST_MESSAGE),
        traceback=_cut(texts.storable(masks.text(text)), _LONGEST_TRACEBACK),
    )


def drop_our_frames(error: BaseException) -> None:
    """Take weft's own frames, and the event loop's, out of a traceback and those of its causes, in place.

    A failure that is wholly ours keeps them all; so does its innermost frame, unless the error is one that weft tells
    its users, whose message says it all.
    """
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        frames: list[types.TracebackType] = []
        at = each.__traceback__
        while at is not None:
            frames.append(at)
            at = at.tb_next
        kept = [frame for frame in frames if not _is_ours(frame.tb_frame.f_code.co_filename)]
        if kept:
            last = frames[-1]
            if last is not kept[-1] and not isinstance(each, (errors.WeftError, KeyboardInterrupt)):
                kept.append(last)
            found: types.TracebackType | None = None
            for frame in reversed(kept):
                found = types.TracebackType(found, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
            each.__traceback__ = found
        waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


def _is_ours(file: str) -> bool:
    return file.startswith((_OURS, _ASYNCIO))


def qualified_name(cls: type) -> str:
    """Return the dotted name of a class; that of a builtin alone."""
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _message(error: BaseException) -> str:
    try:
        if isinstance(error, SystemExit):
            return f"The body left with SystemExit({error.code!r})."
        text = str(error)
        notes = getattr(error, "__notes__", None)
        return "\n".join([text, *map(str, notes)]) if notes else text
    except BaseException as problem:
        return f"(its message cannot be shown: str() raised {qualified_name(type(problem))})"


def _traceback(error: BaseException) -> str:
    whole = traceback.TracebackException.from_exception(error)
    seen: set[int] = set()
    waiting = [whole]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        kind = part.exc_type
        if kind is not None and issubclass(kind, errors.WeftError):
            _trim_told(part)
        else:
            _trim(part.stack)
        waiting.extend(
            each for each in (part.__cause__, part.__context__, *(part.exceptions or ())) if each is not None
        )
    return _OUR_NAMES.sub(r"\1\2", "".join(whole.format()))


def _trim(stack: traceback.StackSummary) -> None:
    """Drop the frames before the user's first; a failure that is wholly ours keeps its innermost frame."""
    first = 0
    while first < len(stack) - 1 and _is_ours(stack[first].filename):
        first += 1
    del stack[:first]


def _trim_told(part: traceback.TracebackException) -> None:
    """Keep the user's frames alone, from the first to the last; without any there is no traceback to show."""
    theirs = [place for place, frame in enumerate(part.stack) if not _is_ours(frame.filename)]
    if theirs:
        del part.stack[theirs[-1] + 1 :]
        del part.stack[: theirs[0]]
        return
    part.stack = None  # type: ignore[assignment]  # of which no head line is written
    cause = part.__cause__
    if cause is not None and cause.exc_type is not None and _is_taken_over(cause.exc_type):
        part.__cause__, part.__suppress_context__ = None, True


def _is_taken_over(cause: type[BaseException]) -> bool:
    return issubclass(cause, errors.WeftError) or cause.__module__.partition(".")[0] == "jinja2"


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n… ({len(text) - longest} characters left out) …\n{text[-half:]}"
