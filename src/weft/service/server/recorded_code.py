"""Code that the ledger keeps: its manifests, by which causes name functions, and whether it is today's all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from weft.codehost import recorded
from weft.model import code
from weft.model import columns as columns_model
from weft.service import world as worlds


class CodeDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A code manifest as the ledger keeps it, with the sources that it was taken from."""

    manifest: code.CodeManifest
    sources: dict[str, str]


@dataclass(slots=True)
class Known:
    """What was found out already; it depends on the definitions, and may be kept as long as they stand."""

    entries: dict[str, Mapping[str, str]] = field(default_factory=dict)
    same: dict[tuple[str, str], bool] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    """Code that made something, beside that of today."""


class Manifests(Mapping[str, Mapping[str, str]]):
    """Hashes by function name of code: today's, and what made something. Each is read once, when it is asked for."""

    def __init__(self, world: worlds.World, known: Known | None = None) -> None:
        """Read by the ledger of `world`; what is `known` is not read again."""
        self._world = world
        self._today = world.definitions.manifests
        self._known = known if known is not None else Known()
        self._documents: dict[str, CodeDocument | None] = {}

    def take(self, today: str, columns: columns_model.Columns, *, only_look: bool = False) -> bool:
        """Give code that only another algorithm or Python hashed otherwise the digest that it has `today`, in columns.

        Returns whether there is such code; with `only_look` the columns stay as they are.
        """
        names: set[str] = set(columns.code_names)
        if columns.rejected:
            names.update(rejection.code for rejection in columns.rejected.values())
        renamed = False
        for digest in names - {"", today}:
            if not self._is_same(digest, today):
                self._known.made.add(digest)
                continue
            renamed = True
            if not only_look:
                columns.rename_code(digest, today)
        return renamed

    def __getitem__(self, digest: str) -> Mapping[str, str]:
        found = self._known.entries.get(digest)
        if found is None:
            manifest = self._today.get(digest)
            if manifest is not None:
                found = manifest.entries
            elif digest in self._known.made:
                document = self._document(digest)
                if document is None:
                    return {}
                found = document.manifest.entries
            else:
                raise KeyError(digest)
            self._known.entries[digest] = found
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._today, *self._known.entries, *self._known.made)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _is_same(self, digest: str, today: str) -> bool:
        """Tell whether only another algorithm or Python gave recorded code another digest than today's."""
        known = self._known.same.get((digest, today))
        if known is not None:
            return known
        document, manifest = self._document(digest), self._today.get(today)
        if document is None or manifest is None:
            return False
        is_same = False
        if not code.comparable(document.manifest, manifest) or document.manifest.python != manifest.python:
            sources = self._world.sources_of(manifest)
            # kept in today's terms, so that a plan names only what is other code
            found = recorded.recomputed(document.manifest, document.sources, manifest, sources)
            self._known.entries[digest] = found
            is_same = found == manifest.entries
        self._known.same[digest, today] = is_same
        return is_same

    def _document(self, digest: str) -> CodeDocument | None:
        if digest not in self._documents:
            body = self._world.ledger.code_document(digest)
            self._documents[digest] = msgspec.json.decode(body, type=CodeDocument) if body else None
        return self._documents[digest]
