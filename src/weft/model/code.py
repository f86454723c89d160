"""Code versions: which of the project's own code a step depends on, and what changed between two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

import msgspec

ALGORITHM = "tree1"
"""Name of the current way to hash code; a new one is no change of the code."""

ChangeKind = Literal["added", "removed", "changed"]


class CodeChange(msgspec.Struct, frozen=True, kw_only=True):
    """One function, class or constant that differs between two manifests, by its qualified name."""

    kind: ChangeKind
    name: str

    def __str__(self) -> str:
        return f"{self.name} {self.kind}"


class CodeManifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The project's own code behind one step: {qualified name: short hash} under a named algorithm.

    The step's own function is one of the entries. `untracked` names what could change the step's behaviour without this
    manifest noticing, each as `name (why)`, sorted. `python` is the version (`3.12`) under which the hashes were
    taken; like `untracked` it is no part of the digest.
    """

    algorithm: str
    entries: dict[str, str]
    untracked: tuple[str, ...] = ()
    python: str

    @property
    def digest(self) -> str:
        """Return `<algorithm>:<16 hex digits>`, equal exactly when algorithm and entries are equal."""
        return f"{self.algorithm}:{digest_of(self.entries)}"


def digest_of(entries: Mapping[str, str]) -> str:
    """Return 16 hex digits that identify a mapping of names to hashes, whatever its order."""
    hasher = hashlib.blake2b(digest_size=8)
    for name in sorted(entries):
        hasher.update(f"{len(name)}:{name}={len(entries[name])}:{entries[name]};".encode())
    return hasher.hexdigest()


def binding_of(entry: str) -> str:
    """Return what the hash of an entry holds within, such as `bytecode-3.12`; "" for one that holds everywhere."""
    return entry.rpartition(":")[0]


def comparable(old: CodeManifest, new: CodeManifest) -> bool:
    """Tell whether the hashes of two manifests can be compared: they come from the same algorithm.

    Where they cannot, the old one is to be recomputed from its stored source before anything is called changed.
    """
    return old.algorithm == new.algorithm


def difference(old: CodeManifest, new: CodeManifest) -> list[CodeChange]:
    """Return what was added, removed and changed from `old` to `new`, sorted by name.

    A new algorithm alone is no change, so manifests that are not `comparable` have no difference.
    """
    if not comparable(old, new):
        return []
    changes: list[CodeChange] = []
    for name in sorted(old.entries.keys() | new.entries.keys()):
        before, after = old.entries.get(name), new.entries.get(name)
        if before is None:
            changes.append(CodeChange(kind="added", name=name))
        elif after is None:
            changes.append(CodeChange(kind="removed", name=name))
        elif before != after:
            changes.append(CodeChange(kind="changed", name=name))
    return changes
