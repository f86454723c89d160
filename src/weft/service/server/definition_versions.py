"""Versions of definitions: which an asset, a pipeline, a job or an automation has had, and what differs between two.

A version is the document of a definition as a code location recorded it when it was loaded: the graph around it, with
digests of code whose source the ledger keeps.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from weft.define import definition_documents
from weft.model import errors, spelling
from weft.ports import ledger as ledgers
from weft.ports import locations as ports
from weft.service import views
from weft.service.server import recorded_code

KINDS = ("asset", "pipeline", "job", "automation")
_IDENTITIES = ("key", "id", "asset", "step", "name")
"""What tells the members of a list apart, of steps, edges, dependencies and checks."""


class DefinitionView(views.View, frozen=True, kw_only=True):
    """A definition in force; `version` is the beginning of its document's digest."""

    name: str
    kind: str
    location: str
    version: str
    at: str | None


class DefinitionVersionView(views.View, frozen=True, kw_only=True):
    """One version of a definition, in force from `at` on; `removed` says that it was taken away then."""

    version: str
    digest: str
    location: str
    at: str | None
    current: bool
    removed: bool


class FieldChange(views.View, frozen=True, kw_only=True):
    """One place of a definition that differs: `path` as in "steps/load/policies/retries". None is what is not there."""

    path: str
    kind: str
    before: Any = None
    after: Any = None


class SourcePart(views.View, frozen=True, kw_only=True):
    """The source of one function, class or constant."""

    name: str
    text: str


class SourceView(views.View, frozen=True, kw_only=True):
    """The project's code that a version of a definition runs: its own function first, then what that uses."""

    name: str
    version: str
    items: list[SourcePart]


class SourceChange(views.View, frozen=True, kw_only=True):
    """A function, class or constant whose source differs, as a unified diff."""

    name: str
    kind: str
    diff: str


class DefinitionDiff(views.View, frozen=True, kw_only=True):
    """What differs between two versions of a definition."""

    name: str
    before: str
    after: str
    graph: list[FieldChange]
    source: list[SourceChange]


def listed(ledger: ledgers.Ledger, *, kind: str | None = None) -> list[DefinitionView]:
    """The definitions in force, of all locations, by kind and name."""
    live = {each.name for each in ledger.locations() if not each.removed}
    rows = ledger.definitions().values()
    found = [each for each in rows if each.location in live and kind in (None, each.name.partition(":")[0])]
    return [
        DefinitionView(
            name=each.name.partition(":")[2],
            kind=each.name.partition(":")[0],
            location=each.location,
            version=short(each.digest),
            at=views.time_of_us(each.at),
        )
        for each in sorted(found, key=lambda each: each.name)
    ]


def full_name(ledger: ledgers.Ledger, name: str) -> str:
    """The name of a definition with its kind, where it is given without one.

    Raises:
        UsageError: none of that name was ever recorded.
    """
    kind = name.partition(":")[0]
    candidates = [name] if kind in KINDS and ":" in name else [f"{each}:{name}" for each in KINDS]
    for each in candidates:
        if ledger.definition_versions(each):
            return each
    known = [each.partition(":")[2] for each in ledger.definitions()]
    raise errors.UsageError(
        f"No definition {name!r} is recorded.",
        remedy=spelling.did_you_mean(name, known)
        or "Definitions are recorded when a server loads them: `weft dev`. `weft definitions` lists them.",
    )


def versions(ledger: ledgers.Ledger, name: str) -> list[DefinitionVersionView]:
    """The versions of a definition, newest first.

    Raises:
        UsageError: none of that name was ever recorded.
    """
    rows = ledger.definition_versions(full_name(ledger, name))
    return [
        DefinitionVersionView(
            version=short(each.digest),
            digest=each.digest,
            location=each.location,
            at=views.time_of_us(each.at),
            current=place == 0 and bool(each.digest),
            removed=not each.digest,
        )
        for place, each in enumerate(rows)
    ]


def document(ledger: ledgers.Ledger, name: str, version: str | None = None) -> dict[str, Any]:
    """The document of a version, named by the beginning of its digest; of the latest one by default.

    Raises:
        UsageError: there is no such definition or version, or its document is not kept.
    """
    name = full_name(ledger, name)
    return _document(ledger, name, _row(ledger, name, version))


def source(ledger: ledgers.Ledger, name: str, version: str | None = None) -> SourceView:
    """The source of a version, as it was when it was loaded; of the latest one by default.

    Raises:
        UsageError: there is no such definition or version, or its document is not kept.
    """
    name = full_name(ledger, name)
    row = _row(ledger, name, version)
    sources = _sources(ledger, _document(ledger, name, row))
    # what it is itself comes first; then what it calls
    last = name.rpartition(":")[2].rpartition("/")[2]
    ordered = sorted(sources, key=lambda each: (each.rpartition(".")[2] != last, each))
    return SourceView(
        name=name,
        version=short(row.digest),
        items=[SourcePart(name=each, text=sources[each]) for each in ordered],
    )


def of_run(ledger: ledgers.Ledger, run: ledgers.RunRow) -> ports.DefinitionRow | None:
    """The version of its pipeline that a run was created under; None where no server had recorded one."""
    if run.pipeline is None:
        return None
    rows = ledger.definition_versions(f"pipeline:{run.pipeline}")
    before = [each for each in rows if each.at <= run.created and each.digest]
    kept = ledger.documents([each.digest for each in before])
    for each in before:
        body = kept.get(each.digest)
        if body is not None and run.definitions in definition_documents.codes(msgspec.json.decode(body)):
            return each
    return None


def difference(
    ledger: ledgers.Ledger, name: str, before: str | None = None, after: str | None = None
) -> DefinitionDiff:
    """What differs between two versions, by default the latest and the one before it.

    Raises:
        UsageError: there is no such definition or version, or only one.
    """
    name = full_name(ledger, name)
    known = [each for each in ledger.definition_versions(name) if each.digest]
    if before is None and len(known) < 2:
        raise errors.UsageError(
            f"{name} has one version only, so there is nothing to compare.",
            remedy="A version is recorded whenever a server loads a change.",
        )
    newer = _row(ledger, name, after)
    older = _row(ledger, name, before) if before is not None else known[known.index(newer) + 1 :][:1]
    if isinstance(older, list):
        if not older:
            raise errors.UsageError(
                f"{short(newer.digest)} is the first version of {name}.",
                remedy="Give two versions: --diff A B.",
            )
        older = older[0]
    old, new = _document(ledger, name, older), _document(ledger, name, newer)
    return DefinitionDiff(
        name=name,
        before=short(older.digest),
        after=short(newer.digest),
        graph=list(changes(old, new)),
        source=source_changes(_sources(ledger, old), _sources(ledger, new)),
    )


def changes(before: Any, after: Any, path: str = "") -> Iterator[FieldChange]:
    """The places in which two JSON values differ; members of lists are told apart by their key, name or id."""
    if before == after:
        return
    if isinstance(before, Sequence) and isinstance(after, Sequence):
        named = _by_identity(before), _by_identity(after)
        if named[0] is not None and named[1] is not None:
            before, after = named
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        yield FieldChange(path=path, kind="changed", before=before, after=after)
        return
    for name in [*before, *(each for each in after if each not in before)]:
        within = f"{path}/{name}" if path else str(name)
        if name not in after:
            yield FieldChange(path=within, kind="removed", before=before[name])
        elif name not in before:
            yield FieldChange(path=within, kind="added", after=after[name])
        else:
            yield from changes(before[name], after[name], within)


def codes_of(document: Mapping[str, Any]) -> list[str]:
    """The digests of all code that a definition's document names."""
    return list(definition_documents.codes(document))


def source_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[SourceChange]:
    """The sources by qualified name that differ, each as a unified diff."""
    found = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        lines = difflib.unified_diff((old or "").splitlines(), (new or "").splitlines(), name, name, lineterm="")
        kind = "added" if old is None else "removed" if new is None else "changed"
        found.append(SourceChange(name=name, kind=kind, diff="\n".join(lines)))
    return found


def short(digest: str) -> str:
    """A version as people see and type it."""
    return digest[:8]


def _by_identity(values: Sequence[Any]) -> dict[str, Any] | None:
    """The members of a list by what tells them apart; None where nothing does."""
    if isinstance(values, str) or not all(isinstance(each, Mapping) for each in values):
        return None
    for identity in _IDENTITIES:
        found = {str(each[identity]): each for each in values if identity in each}
        if len(found) == len(values):
            return found
    return None


def _row(ledger: ledgers.Ledger, name: str, version: str | None) -> ports.DefinitionRow:
    rows = [each for each in ledger.definition_versions(name) if each.digest]
    if version is None and rows:
        return rows[0]
    found = {each.digest: each for each in reversed(rows) if version and each.digest.startswith(version)}
    if not found and version:
        runs = [each for each in ledger.runs_with_prefix(version) if f"pipeline:{each.pipeline}" == name]
        of_runs = (of_run(ledger, each) for each in runs)
        found = {each.digest: each for each in of_runs if each is not None}
    if len(found) != 1:
        raise errors.UsageError(
            f"{name} has {len(found) or 'no'} versions that {version!r} names.",
            remedy=f"`weft definitions {name} --versions` lists them.",
        )
    return next(iter(found.values()))


def _document(ledger: ledgers.Ledger, name: str, row: ports.DefinitionRow) -> dict[str, Any]:
    body = ledger.document(row.digest)
    if body is None:
        raise errors.UsageError(f"The document of version {short(row.digest)} of {name} is not kept.")
    found: dict[str, Any] = msgspec.json.decode(body)
    return found


def sources_of(ledger: ledgers.Ledger, row: ports.DefinitionRow) -> dict[str, str]:
    """The sources behind a version by qualified name, as far as they are kept."""
    body = ledger.document(row.digest)
    return _sources(ledger, msgspec.json.decode(body)) if body is not None else {}


def _sources(ledger: ledgers.Ledger, found: Mapping[str, Any]) -> dict[str, str]:
    sources: dict[str, str] = {}
    for code in definition_documents.codes(found):
        body = ledger.code_document(code)
        if body is not None:
            sources.update(msgspec.json.decode(body, type=recorded_code.CodeDocument).sources)
    return sources
