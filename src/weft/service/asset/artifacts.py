"""The verb `artifacts`: what runs made to be looked at, with its versions, and one of them with its content."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from weft.model import errors, stored
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service.run import history
from weft.storage import protocol

_SUFFIXES = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "image/svg+xml": ".svg",
    "text/markdown": ".md",
}  # fmt: skip


class ArtifactView(views.View, frozen=True, kw_only=True):
    """One version of an artifact; `latest`: the newest one of its key."""

    id: int
    key: str
    kind: str
    description: str
    run: str
    step: str
    item: str
    asset: str | None
    partition: str | None
    at: str | None
    latest: bool


class ArtifactContent(ArtifactView, frozen=True, kw_only=True):
    """An artifact with its content: text, JSON values, or bytes (Base64 in JSON)."""

    media_type: str
    versions: int
    content: object

    @property
    def suffix(self) -> str:
        """How the name of a file with it ends."""
        return _SUFFIXES.get(self.media_type, ".bin" if isinstance(self.content, bytes) else ".json")


def listed(
    ledger: ledgers.Reader,
    *,
    run: str | None = None,
    asset: str | None = None,
    key: str | None = None,
    every: bool = False,
    limit: int | None = None,
) -> list[ArtifactView]:
    """Artifacts, newest first: the newest version of each key, or with `every` all; of a run always all of its own.

    Raises:
        UsageError: there is no such run.
    """
    of_run = history.find_run(ledger, run).id if run is not None else None
    found = ledger.artifacts(run=of_run, asset=asset, key=key, latest=not every and run is None, limit=limit)
    return [view_of(row) for row in found]


def one(
    ledger: ledgers.Reader,
    name: str,
    storage: Callable[[], protocol.IOManager],
    *,
    run: str | None = None,
    asset: str | None = None,
) -> ArtifactContent:
    """An artifact with its content: the newest version of the key `name` (in that run), or the version of that id.

    Args:
        ledger: where it is recorded.
        name: a key, or the number of a version.
        storage: gives the IO manager for values that don't travel in the ledger.
        run: the run that made it.
        asset: the asset that it is about.

    Raises:
        UsageError: there is none.
        StorageError: its content is gone.
    """
    of_run = history.find_run(ledger, run).id if run is not None else None
    found = ledger.artifacts(run=of_run, asset=asset, key=name)
    if not found and name.isdecimal():
        found = [row for row in ledger.artifacts(run=of_run, asset=asset) if row.id == int(name)]
    if not found:
        raise _unknown(ledger, name, of_run)
    return version(ledger, found[0], storage)


def version(
    ledger: ledgers.Reader, row: ledgers.ArtifactRow, storage: Callable[[], protocol.IOManager]
) -> ArtifactContent:
    """Exactly this version of an artifact, with its content; `storage` as for `one`.

    Raises:
        UsageError: it is not in the ledger any more.
        StorageError: its content is gone.
    """
    made = ledger.artifact(row.id)
    if made is None:
        raise _unknown(ledger, row.key, row.run)
    told = (made.value.metadata or {}).get("media_type")
    return ArtifactContent(
        **msgspec.structs.asdict(view_of(row)),
        media_type=msgspec.json.decode(told, type=str) if told is not None else "application/json",
        versions=len(ledger.artifacts(key=made.key)),
        content=_content(made.value, storage),
    )


def _unknown(ledger: ledgers.Reader, name: str, run: str | None) -> errors.UsageError:
    from weft.model import spelling

    known = list(dict.fromkeys(row.key for row in ledger.artifacts(run=run)))
    where = f" in the run {run[:8]}" if run is not None else ""
    return errors.UsageError(
        f"There is no artifact {name!r}{where}.",
        remedy=spelling.did_you_mean(name, known)
        or (f"There are: {', '.join(known[:10])}." if known else "Bodies make them with weft.artifacts.markdown(…)."),
    )


def _content(value: stored.StoredValue, storage: Callable[[], protocol.IOManager]) -> object:
    if value.inline is None:
        return storage().read(value)
    match value.format:
        case "json":
            return msgspec.json.decode(value.inline)
        case "text":
            return value.inline.decode()
        case _:
            return value.inline


def view_of(row: ledgers.ArtifactRow) -> ArtifactView:
    """A version of an artifact as it is shown."""
    return ArtifactView(
        id=row.id,
        key=row.key,
        kind=row.kind,
        description=row.description,
        run=row.run,
        step=row.step,
        item=row.item,
        asset=row.asset or None,
        partition=row.partition,
        at=views.time_of_us(row.at),
        latest=row.latest,
    )
