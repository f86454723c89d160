"""Artifacts: things for people to look at that a body makes as it runs.

    weft.artifacts.markdown("# 3 rows were odd", key="odd-rows")
    weft.artifacts.table(rows, key="worst-days", description="By error")
    bar = weft.artifacts.progress(key="loading"); bar.update(40)

Each call makes a new version under its key, attached to the step run (or, in an asset's body, to the asset). Outside of
any run they give back the artifact and say so in the log, so that a body can be called as a plain function. Progress
within one attempt is one version, with its last value, unless it is watched as it goes.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from weft.define import artifact_contents as contents
from weft.model import errors

if TYPE_CHECKING:
    from weft.ports import executor
    from weft.storage import protocol

Kind: TypeAlias = Literal["markdown", "table", "link", "image", "plot", "progress"]

_KEY = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
_LONGEST_KEY = 100

_log = logging.getLogger("weft.artifacts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Something to look at: its value is text, bytes or plain JSON values, as its kind has them.

    markdown: text; table: {"columns": […], "rows": [[…]]}; link: {"url", "text"}; image: bytes, or {"url"};
    plot: bytes of SVG or PNG, or a specification as JSON values; progress: a number from 0 to 100.
    """

    key: str
    kind: Kind
    value: Any
    description: str = ""
    media_type: str = ""
    asset: str = ""


class Progress:
    """A progress that is updated as the work goes on, in per cent."""

    __slots__ = ("_asset", "description", "key", "value")

    def __init__(self, key: str, value: float, description: str, asset: str) -> None:
        """Made by `progress`."""
        self.key = key
        self.value = value
        self.description = description
        self._asset = asset

    def update(self, value: float, *, description: str | None = None) -> None:
        """Say how far it is.

        Raises:
            UsageError: it is no number from 0 to 100.
        """
        self.value = contents.percentage(value)
        if description is not None:
            self.description = description
        _made(Artifact(
            key=self.key, kind="progress", value=self.value, description=self.description, asset=self._asset
        ))  # fmt: skip


# --- what bodies call ---------------------------------------------------------------------------------------------


def markdown(text: str, *, key: str | None = None, description: str = "", asset: str = "") -> Artifact:
    """Attach a text in Markdown.

    Args:
        text: up to 1 MB.
        key: lower case letters, digits and dashes; one made of the step's name unless given.
        description: what it is.
        asset: the output or outlet that it is about, where it is about one of several.

    Raises:
        UsageError: the key is no such name, or the text is none or too large.
    """
    return _made(_artifact("markdown", key, contents.markdown(text), description, asset))


def table(rows: Any, *, key: str | None = None, description: str = "", asset: str = "") -> Artifact:
    """Attach a table.

    Args:
        rows: a list of mappings or of lists, a mapping of columns, or a polars, pandas or Arrow table; up to 10,000
            rows.
        key: lower case letters, digits and dashes; one made of the step's name unless given.
        description: what it is.
        asset: the output or outlet that it is about, where it is about one of several.

    Raises:
        UsageError: the key is no such name, or the rows are no table or too many.
    """
    return _made(_artifact("table", key, contents.table(rows), description, asset))


def link(url: str, text: str = "", *, key: str | None = None, description: str = "", asset: str = "") -> Artifact:
    """Attach a link, with the text that is shown for it.

    Raises:
        UsageError: the key is no name, or the URL has no scheme that a browser may open.
    """
    return _made(_artifact("link", key, contents.link(url, text), description, asset))


def image(source: str | Path | bytes, *, key: str | None = None, description: str = "", asset: str = "") -> Artifact:
    """Attach an image: PNG, JPEG, GIF, WebP or SVG as bytes or a file, or the URL where one lies.

    Raises:
        UsageError: the key is no name, the file is not there, it is no image, or larger than 20 MB.
    """
    return _made(_artifact("image", key, contents.image(source), description, asset))


def plot(figure: Any, *, key: str | None = None, description: str = "", asset: str = "") -> Artifact:
    """Attach a figure of matplotlib (and what draws with it), plotly or altair.

    Of matplotlib it is kept as SVG, or PNG where that would be large; of the others as their own JSON specification,
    which can be looked at in place.

    Raises:
        UsageError: the key is no name, or it is no such figure.
    """
    return _made(_artifact("plot", key, contents.plot(figure), description, asset))


def progress(value: float = 0.0, key: str | None = None, *, description: str = "", asset: str = "") -> Progress:
    """Attach a progress in per cent, and get what updates it.

    Raises:
        UsageError: the key is no name, or the value no number from 0 to 100.
    """
    first = _artifact("progress", key, contents.Content(contents.percentage(value)), description, asset)
    _made(first)
    return Progress(first.key, first.value, description, asset)


# --- by the names that Prefect has for them -----------------------------------------------------------------------


def create_markdown_artifact(markdown: str, key: str | None = None, description: str | None = None) -> Artifact:
    """The same as `markdown`."""
    return _made(_artifact("markdown", key, contents.markdown(markdown), description or "", ""))


def create_table_artifact(table: Any, key: str | None = None, description: str | None = None) -> Artifact:
    """The same as `table`."""
    return _made(_artifact("table", key, contents.table(table), description or "", ""))


def create_link_artifact(
    link: str, link_text: str | None = None, key: str | None = None, description: str | None = None
) -> Artifact:
    """The same as `link`."""
    return _made(_artifact("link", key, contents.link(link, link_text or ""), description or "", ""))


def create_image_artifact(
    image_url: str | Path | bytes, key: str | None = None, description: str | None = None
) -> Artifact:
    """The same as `image`."""
    return image(image_url, key=key, description=description or "")


def create_progress_artifact(progress: float, key: str | None = None, description: str | None = None) -> Progress:
    """The same as `progress`."""
    first = _artifact("progress", key, contents.Content(contents.percentage(progress)), description or "", "")
    _made(first)
    return Progress(first.key, first.value, description or "", "")


def update_progress_artifact(artifact: Progress, progress: float, description: str | None = None) -> Progress:
    """The same as `.update` of the progress, which `create_progress_artifact` gave.

    Raises:
        UsageError: it is no progress.
    """
    if not isinstance(artifact, Progress):
        raise errors.UsageError(
            f"update_progress_artifact was given {artifact!r}, which is no progress.",
            remedy="Pass what create_progress_artifact gave, or call its .update(value).",
        )
    artifact.update(progress, description=description)
    return artifact


# --- where they go ------------------------------------------------------------------------------------------------


class Collector:
    """Takes the artifacts of one attempt, or of a whole flow; its methods may be called from any thread."""

    __slots__ = (
        "_asset",
        "_assets",
        "_at_once",
        "_count",
        "_lock",
        "_made",
        "_name",
        "_run",
        "_seen",
        "_storage",
        "_tag",
    )

    def __init__(
        self,
        storage: protocol.IOManager,
        *,
        run: str,
        name: str = "",
        tag: str = "",
        asset: str = "",
        assets: Sequence[str] = (),
        at_once: Callable[[executor.ArtifactReport], None] | None = None,
    ) -> None:
        """Keep values with `storage`.

        Args:
            storage: the IO manager for their values.
            run: the id of the run.
            name: what a key is made of where the body names none: the task or asset.
            tag: of the attempt, which no other has.
            asset: the one that artifacts are about unless they say another.
            assets: those that they may name.
            at_once: told of each as it is made; else they are kept for `reports`.
        """
        self._storage = storage
        self._run = run
        self._name = name
        self._tag = tag
        self._asset = asset
        self._assets = tuple(assets) or ((asset,) if asset else ())
        self._at_once = at_once
        self._made: list[Artifact] = []
        self._seen: dict[str, int] = {}
        self._count = 0
        self._lock = threading.Lock()

    def key(self, kind: Kind) -> str:
        """The key of an artifact that was given none."""
        stem = re.sub(r"[^a-z0-9]+", "-", self._name.lower()).strip("-")[: _LONGEST_KEY - 10]
        return f"{stem}-{kind}" if stem else kind

    def add(self, made: Artifact) -> None:
        """Take an artifact.

        Raises:
            UsageError: it names an asset that is not made here.
            StorageError: its value cannot be kept.
        """
        if made.asset and made.asset not in self._assets:
            from weft.model import spelling

            near = spelling.did_you_mean(made.asset, self._assets)
            here = f"It makes: {', '.join(self._assets)}." if self._assets else "It makes no asset."
            raise errors.UsageError(
                f"The artifact {made.key!r} names the asset {made.asset!r}, which {self._name or 'this body'!r} does "
                "not make.",
                remedy=near or here,
            )
        with self._lock:
            if self._at_once is None:
                self._made.append(made)
                return
            if made.kind == "progress" and self._seen.get(made.key) == int(made.value):
                return
            if made.kind == "progress":
                self._seen[made.key] = int(made.value)
            report = self._report(made)
        self._at_once(report)

    def reports(self) -> tuple[executor.ArtifactReport, ...]:
        """What was made, in order; of each progress the last value alone.

        Raises:
            StorageError: a value cannot be kept.
        """
        if not self._made:
            return ()
        with self._lock:
            last = {each.key: place for place, each in enumerate(self._made)}
            return tuple(
                self._report(each)
                for place, each in enumerate(self._made)
                if each.kind != "progress" or last[each.key] == place
            )

    def _report(self, made: Artifact) -> executor.ArtifactReport:
        import msgspec

        from weft.ports import executor
        from weft.storage import protocol

        self._count += 1
        target = protocol.WriteTarget(
            asset=f"runs/{self._run}/artifacts/{made.key}", attempt=f"{self._tag or 'flow'}-{self._count}"
        )
        value = self._storage.write(made.value, target)
        if made.media_type:
            told: Mapping[str, msgspec.Raw] = {"media_type": msgspec.Raw(msgspec.json.encode(made.media_type))}
            value = msgspec.structs.replace(value, metadata={**(value.metadata or {}), **told})
        return executor.ArtifactReport(
            key=made.key, kind=made.kind, value=value, description=made.description, asset=made.asset or self._asset
        )


_current: contextvars.ContextVar[Collector | None] = contextvars.ContextVar("weft artifacts", default=None)


@contextlib.contextmanager
def collecting(collector: Collector | None) -> Iterator[None]:
    """Have artifacts that are made within go to `collector`; None: to nobody, as outside of any run."""
    token = _current.set(collector)
    try:
        yield
    finally:
        _current.reset(token)


def _artifact(kind: Kind, key: str | None, content: contents.Content, description: str, asset: str) -> Artifact:
    if key is None:
        collector = _current.get()
        key = collector.key(kind) if collector is not None else kind
    elif not isinstance(key, str) or not _KEY.match(key) or len(key) > _LONGEST_KEY:
        plain = re.sub(r"[^a-z0-9]+", "-", str(key).lower()).strip("-")[:_LONGEST_KEY]
        raise errors.UsageError(
            f"The key {key!r} of a {kind} artifact is no name: lower case letters, digits and '-', up to "
            f"{_LONGEST_KEY} characters.",
            remedy=f"Call it {plain!r}." if plain else "Give it a name such as 'daily-report'.",
        )
    return Artifact(
        key=key,
        kind=kind,
        value=content.value,
        description=description,
        media_type=content.media_type,
        asset=asset,
    )


def _made(made: Artifact) -> Artifact:
    collector = _current.get()
    if collector is not None:
        collector.add(made)
    else:
        _log.info("the %s artifact %r was made outside of any run and is kept nowhere", made.kind, made.key)
    return made
