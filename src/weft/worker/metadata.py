"""Metadata values: what bodies say of their outputs, as JSON.

JSON-able values, dates, dataclasses, pydantic models …   themselves
numpy scalars                                            the number
pathlib.Path                                             {"type": "path", "path": …}
figures of matplotlib, altair and plotly                 {"type": "image", "media": "image/png", "data": base64} or HTML
objects with `_repr_markdown_` or `_repr_html_`          {"type": "markdown" | "html", "data": text}
anything else                                            {"type": "repr", "class": its type, "data": its repr}
"""

from __future__ import annotations

import base64
import enum
import io
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import msgspec

from weft.model import errors
from weft.worker import failures, masking, texts

LARGEST = 256 * 1024
"""Bytes of one value, encoded; what is larger does not belong into the ledger."""
_LONGEST_REPR = 4_000

_encoder = msgspec.json.Encoder(enc_hook=lambda value: _encodable(value))


def encode(metadata: Mapping[str, object], masks: masking.Masks) -> dict[str, msgspec.Raw]:
    """Return metadata as JSON by name, with secrets masked in names and values.

    A value that is too large is replaced by a note that says so, since its loss must not cost the output that it
    describes.

    Raises:
        UsageError: a name is no text.
    """
    return {masks.text(_name(name)): msgspec.Raw(_masked(_encode(value), masks)) for name, value in metadata.items()}


def _masked(encoded: bytes, masks: masking.Masks) -> bytes:
    """Mask inside of texts only, so that the outcome is still JSON."""
    if masks.binary(encoded) == encoded:
        return encoded
    return msgspec.json.encode(_masked_value(msgspec.json.decode(encoded), masks))


def _masked_value(value: object, masks: masking.Masks) -> object:
    if isinstance(value, str):
        return masks.text(value)
    if isinstance(value, dict):
        return {masks.text(name): _masked_value(item, masks) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked_value(item, masks) for item in value]
    text = msgspec.json.encode(value).decode()
    return value if masks.text(text) == text else masking.MASK


def _name(name: object) -> str:
    if isinstance(name, str) and name:
        return texts.storable(name)
    raise errors.UsageError(f"A metadata name is {name!r}.", remedy="Give each metadata value a name that is text.")


def _encode(value: object) -> bytes:
    try:
        encoded = _encoder.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        encoded = msgspec.json.encode(_described(value))
    if len(encoded) > LARGEST:
        kind = failures.qualified_name(type(value))
        encoded = msgspec.json.encode({"type": "omitted", "class": kind, "bytes": len(encoded), "limit": LARGEST})
    return encoded


def _encodable(value: object) -> object:
    """Turn a value that msgspec does not know into one that it does."""
    kind = type(value)
    root = kind.__module__.partition(".")[0]
    if isinstance(value, PurePath):
        return {"type": "path", "path": str(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if hasattr(value, "model_dump") and hasattr(kind, "model_fields"):
        return value.model_dump(mode="json")
    if root == "numpy":
        return value.item() if getattr(value, "ndim", None) == 0 else value.tolist()  # type: ignore[attr-defined]
    if isinstance(value, Mapping):
        return dict(value)
    return _figure(value, root) or _rich_text(value) or _described(value)


def _figure(value: Any, root: str) -> dict[str, str] | None:
    if root == "matplotlib" and hasattr(value, "savefig"):
        drawn = io.BytesIO()
        value.savefig(drawn, format="png")
        return {"type": "image", "media": "image/png", "data": base64.b64encode(drawn.getvalue()).decode()}
    if root in {"altair", "plotly"} and hasattr(value, "to_html"):
        page = value.to_html(include_plotlyjs="cdn") if root == "plotly" else value.to_html()
        return {"type": "html", "data": page}
    return None


def _rich_text(value: Any) -> dict[str, str] | None:
    for kind, method in (("markdown", "_repr_markdown_"), ("html", "_repr_html_")):
        text = getattr(value, method)() if hasattr(type(value), method) else None
        if isinstance(text, str):
            return {"type": kind, "data": text}
    return None


def _described(value: object) -> dict[str, str]:
    try:
        text = repr(value)
    except Exception as problem:  # the user's own __repr__ may raise
        text = f"(repr() raised {failures.qualified_name(type(problem))})"
    return {"type": "repr", "class": failures.qualified_name(type(value)), "data": text[:_LONGEST_REPR]}
