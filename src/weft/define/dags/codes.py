"""The code behind steps and pipelines: manifests, and what several of them come to."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from weft.define import references
from weft.model import code

USER_ALGORITHM = "user"
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_PULLING = frozenset({"xcom_pull", "pull"})

Fingerprint = Callable[[Callable[..., object]], code.CodeManifest]


@dataclass(slots=True)
class Codes:
    """Takes manifests and keeps them by their digests."""

    fingerprint: Fingerprint
    manifests: dict[str, code.CodeManifest]
    _pulls: dict[int, tuple[object, bool]] = field(default_factory=dict)

    def of(self, function: Callable[..., Any], version: object, others: Iterable[Callable[..., Any]] = ()) -> str:
        """Return the digest of a function's code, with that of functions among its arguments."""
        if version is not None:
            found = code.CodeManifest(algorithm=USER_ALGORITHM, entries={"code_version": str(version)}, python=_PYTHON)
        else:
            found = self.fingerprint(function)
        extra = [self.fingerprint(each) for each in others]
        return self.keep(merged([found, *extra]) if extra else found)

    def keep(self, manifest: code.CodeManifest) -> str:
        """Keep a manifest; return its digest."""
        digest = manifest.digest
        self.manifests.setdefault(digest, manifest)
        return digest

    def pulls(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> bool:
        """Whether a task may ask for values by name: its code says so, or a template among its arguments does."""
        known = self._pulls.get(id(function))
        if known is None:
            known = self._pulls[id(function)] = (function, _names_pull(getattr(function, "__code__", None)))
        return known[1] or any(
            isinstance(leaf, references.Template) and ("xcom_pull" in leaf.text or ".pull(" in leaf.text)
            for leaf in references.leaves(arguments)
        )


def _names_pull(found: object) -> bool:
    if not isinstance(found, types.CodeType):
        return False
    return not _PULLING.isdisjoint(found.co_names) or any(_names_pull(each) for each in found.co_consts)


def merged(manifests: Iterable[code.CodeManifest], more: Mapping[str, str] | None = None) -> code.CodeManifest:
    """Return one manifest of several; equal names with different hashes are numbered in order of their hashes."""
    entries: dict[str, set[str]] = {}
    untracked: dict[str, None] = {}
    algorithms: dict[str, None] = {}
    for each in manifests:
        algorithms[each.algorithm] = None
        untracked.update(dict.fromkeys(each.untracked))
        for name, text in each.entries.items():
            entries.setdefault(name, set()).add(text)
    joined = dict(more or {})
    for name, several in entries.items():
        for place, text in enumerate(sorted(several)):
            joined[f"{name}#{place}" if place else name] = text
    tracked = [each for each in algorithms if each != USER_ALGORITHM]
    algorithm = (tracked or [USER_ALGORITHM])[0]
    return code.CodeManifest(
        algorithm=algorithm, entries=dict(sorted(joined.items())), untracked=tuple(sorted(untracked)), python=_PYTHON
    )
