"""What artifacts hold: checking what a body gave, and turning it into text, bytes or plain JSON values.

Libraries are recognized by the modules of a value's class and never imported here.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weft.model import errors

MOST_TEXT = 1_000_000
"""Bytes of a text in Markdown."""
MOST_ROWS = 10_000
MOST_IMAGE = 20_000_000
"""Bytes of an image."""
_MOST_SVG = 2_000_000  # a scatter of a million points is better looked at as pixels
_SCHEMES = ("http://", "https://", "s3://", "gs://", "abfs://", "file://", "ftp://", "sftp://", "mailto:")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class Content:
    """A value to keep, and what kind of bytes it is."""

    value: Any
    media_type: str = ""


def markdown(text: object) -> Content:
    """A text."""
    if not isinstance(text, str):
        raise errors.UsageError(
            f"A markdown artifact was given a value of the type {type(text).__name__} in place of text.",
            remedy="Pass a string; weft.artifacts.table shows rows.",
        )
    size = len(text.encode(errors="backslashreplace"))
    if size > MOST_TEXT:
        raise errors.UsageError(
            f"A markdown artifact has {size:,} bytes; {MOST_TEXT:,} are allowed.",
            remedy="Show a summary, and return the whole as an asset or a file.",
        )
    return Content(text, "text/markdown")


def table(rows: Any) -> Content:
    """Columns and rows as plain values."""
    columns, lines = _columns_and_rows(rows)
    if len(lines) > MOST_ROWS:
        raise errors.UsageError(
            f"A table artifact has {len(lines):,} rows; {MOST_ROWS:,} are allowed.",
            remedy="Show the head of it, and return the whole as an asset.",
        )
    return Content({"columns": columns, "rows": [[_plain(each) for each in line] for line in lines]})


def _columns_and_rows(rows: Any) -> tuple[list[str], list[list[Any]]]:
    frame = _frame(rows)
    if frame is not None:
        return frame
    if isinstance(rows, Mapping):
        columns = {str(name): list(values) if _is_list(values) else [values] for name, values in rows.items()}
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            told = ", ".join(f"{name} {len(values)}" for name, values in columns.items())
            raise errors.UsageError(
                f"The columns of a table artifact have different lengths: {told}.", remedy="Make them equally long."
            )
        return list(columns), [list(line) for line in zip(*columns.values(), strict=True)]
    if _is_list(rows):
        listed = list(rows)
        if all(isinstance(each, Mapping) for each in listed):
            names = list(dict.fromkeys(str(name) for each in listed for name in each))
            return names, [[{str(k): v for k, v in each.items()}.get(name) for name in names] for each in listed]
        if all(_is_list(each) for each in listed):
            width = max((len(each) for each in listed), default=0)
            return [str(n + 1) for n in range(width)], [[*each, *[None] * (width - len(each))] for each in listed]
    raise errors.UsageError(
        f"A table artifact was given a value of the type {type(rows).__name__}, which is no table.",
        remedy="Pass a list of mappings or of lists, a mapping of columns, or a polars, pandas or Arrow table.",
    )


def _frame(rows: Any) -> tuple[list[str], list[list[Any]]] | None:
    match _library(rows), type(rows).__name__:
        case "polars", "DataFrame":
            many = rows.height
            found = list(rows.columns), [list(line) for line in rows.head(MOST_ROWS + 1).iter_rows()]
        case "polars", "LazyFrame":
            return _frame(rows.head(MOST_ROWS + 1).collect())
        case "pandas", "DataFrame":
            many = len(rows)
            head = rows.head(MOST_ROWS + 1)
            found = [str(name) for name in rows.columns], [list(line) for line in head.itertuples(index=False)]
        case "pyarrow", "Table" | "RecordBatch":
            many = rows.num_rows
            columns = [column.to_pylist() for column in rows.slice(0, MOST_ROWS + 1).columns]
            found = list(rows.schema.names), [list(line) for line in zip(*columns, strict=True)]
        case _:
            return None
    if many > MOST_ROWS:
        raise errors.UsageError(
            f"A table artifact has {many:,} rows; {MOST_ROWS:,} are allowed.",
            remedy=f"Show .head({MOST_ROWS}) or less of it, and return the whole as an asset.",
        )
    return found


def _plain(value: Any) -> Any:
    """A cell as JSON has it; what JSON lacks as text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, str | int | bool):
        return value
    item = getattr(value, "item", None)
    if _library(value) == "numpy" and callable(item) and getattr(value, "ndim", 1) == 0:
        return _plain(item())
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _library(value: object) -> str:
    return type(value).__module__.partition(".")[0]


def link(url: object, text: str) -> Content:
    """A URL, and the text to show for it."""
    if not isinstance(url, str) or not url.lower().startswith(_SCHEMES):
        raise errors.UsageError(
            f"A link artifact was given {url!r}, which is no URL that can be opened.",
            remedy=f"Begin it with one of {', '.join(_SCHEMES[:5])}.",
        )
    return Content({"url": url, "text": text or url})


def image(source: object) -> Content:
    """The bytes of an image, or the URL of one."""
    if isinstance(source, str) and source.lower().startswith(("http://", "https://", "data:image/")):
        return Content({"url": source})
    if isinstance(source, str | Path):
        path = Path(source)
        try:
            found = path.read_bytes()
        except OSError as error:
            raise errors.UsageError(
                f"The image {str(path)!r} of an artifact cannot be read: {error.strerror or error}.",
                remedy="Pass the path of a file that exists, the image's bytes, or its URL.",
            ) from error
    elif isinstance(source, bytes | bytearray | memoryview):
        found = bytes(source)
    else:
        raise errors.UsageError(
            f"An image artifact was given a value of the type {type(source).__name__}.",
            remedy="Pass bytes, the path of a file, or a URL; weft.artifacts.plot draws figures.",
        )
    if len(found) > MOST_IMAGE:
        raise errors.UsageError(
            f"An image artifact has {len(found):,} bytes; {MOST_IMAGE:,} are allowed.", remedy="Make it smaller."
        )
    return Content(found, _media_type(found))


def _media_type(found: bytes) -> str:
    for signature, kind in _SIGNATURES:
        if found.startswith(signature):
            return kind
    if found[:4] == b"RIFF" and found[8:12] == b"WEBP":
        return "image/webp"
    if b"<svg" in found[:1000].lower():
        return "image/svg+xml"
    raise errors.UsageError(
        f"An image artifact was given {len(found):,} bytes that are no image.",
        remedy="Pass PNG, JPEG, GIF, WebP or SVG.",
    )


def plot(figure: Any) -> Content:
    """A drawing of a figure, or its specification."""
    libraries = {each.__module__.partition(".")[0] for each in type(figure).__mro__}
    if "plotly" in libraries and hasattr(figure, "to_json"):
        return Content(_decoded(figure.to_json()), "application/vnd.plotly.v1+json")
    if "altair" in libraries and hasattr(figure, "to_json"):
        return Content(_decoded(figure.to_json()), "application/vnd.vegalite+json")
    # an Axes, or what seaborn gives, knows the figure that it is in
    drawn = figure if hasattr(figure, "savefig") else getattr(figure, "figure", None)
    if drawn is not None and hasattr(drawn, "savefig"):
        return _drawn(drawn)
    kind = f"{type(figure).__module__}.{type(figure).__qualname__}"
    raise errors.UsageError(
        f"A plot artifact was given a value of the type {kind}, which is no figure.",
        remedy="Pass a figure of matplotlib, plotly or altair; weft.artifacts.image takes images.",
    )


def _drawn(figure: Any) -> Content:
    found = _saved(figure, "svg")
    if len(found) <= _MOST_SVG:
        return Content(found, "image/svg+xml")
    return Content(_saved(figure, "png"), "image/png")


def _saved(figure: Any, kind: str) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, format=kind, bbox_inches="tight")
    return target.getvalue()


def _decoded(text: str) -> Any:
    import msgspec

    return msgspec.json.decode(text)


def percentage(value: object) -> float:
    """A number from 0 to 100."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= float(value) <= 100:  # type: ignore[arg-type]
        raise errors.UsageError(
            f"A progress artifact was given {value!r}, which is no number from 0 to 100.",
            remedy="Pass per cent: 100 * done / all.",
        )
    return float(value)  # type: ignore[arg-type]
