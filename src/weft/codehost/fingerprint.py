"""Code versions: which of the project's own code a function depends on, and a hash of each piece.

Theory. Every piece of code is a node: a function, a class, a module-level constant, or a value such as a partial. A
node has a hash of its own normalised tree (`trees`) and of the values bound to it (closure, defaults), and references
to other nodes. A manifest is what can be reached from a step's function: {qualified name: hash}. Hashes don't contain
each other, so cycles need no care and a difference of two manifests names exactly the piece that changed.

Functions and classes are followed as the objects that they are at run time, so that closures, decorators and
rebinding are seen. Constants are taken from the statements that make them and not from their values: a cache that
fills, a counter or a time of start must not change a code version, and a manifest must be the same in each process.
"""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from types import FunctionType, MethodType

from weft.codehost import bytecode, nodes, ownership, trees, values
from weft.model import code as codes
from weft.ports import garbage


class Fingerprinter:
    """Takes manifests of functions of the project under `root`; keeps what it has worked out.

    It describes the code as it is when first asked for: make a new one after modules were loaded again. Take
    manifests right after loading, before steps run. Not for use by several threads at once.
    """

    def __init__(self, root: Path) -> None:
        self._nodes = nodes.Nodes(ownership.Ownership(root))
        self._manifests: dict[int, tuple[object, codes.CodeManifest]] = {}
        self._texts: dict[str, tuple[int, str | None]] = {}
        """By name: of how many nodes, and the text."""

    def manifest(self, function: object, exclude: Collection[str] = ()) -> codes.CodeManifest:
        """Return the manifest of a function, a definition of weft's or another callable.

        What matches a pattern in `exclude` (qualified names, with `*` as in file names) is neither counted nor
        followed. A callable that is not the project's code has one entry, its name, and is untracked.
        """
        if not exclude and (known := self._manifests.get(id(function))) is not None:
            return known[1]
        hashes: dict[str, set[str]] = {}
        untracked: set[str] = set()
        roots, notes = self._roots(function, hashes)
        untracked.update(notes)
        stack, seen = list(roots), set(roots)
        while stack:
            node = stack.pop()
            if exclude and any(fnmatch.fnmatchcase(node.name, pattern) for pattern in exclude):
                continue
            self._nodes.filled(node)
            hashes.setdefault(node.name, set()).add(node.hash)
            untracked.update(node.untracked)
            for reference in node.references:
                if reference not in seen:
                    seen.add(reference)
                    stack.append(reference)
        manifest = codes.CodeManifest(
            algorithm=codes.ALGORITHM,
            entries={name: _joined(each) for name, each in sorted(hashes.items())},
            untracked=tuple(sorted(untracked)),
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
        )
        if not exclude:
            self._manifests[id(function)] = (function, manifest)
        return manifest

    def manifests(self, functions: Iterable[object]) -> list[codes.CodeManifest]:
        """Return the manifests of many functions, in their order; faster than one by one."""
        with garbage.held():
            return [self.manifest(function) for function in functions]

    def sources(self, manifest: codes.CodeManifest) -> dict[str, str]:
        """Return the source text of the entries of a manifest that this fingerprinter made.

        An entry without source (code made by `exec`, a partial) has none here. What was typed into a notebook has, as
        far as that keeps it.
        """
        texts = ((name, self._text(name)) for name in manifest.entries)
        return {name: text for name, text in texts if text is not None}

    def _text(self, name: str) -> str | None:
        """Return the source text of all that has a name; functions made in a loop share one."""
        known = self._nodes.by_name.get(name, ())
        count, text = self._texts.get(name, (-1, None))
        if count != len(known):
            texts: dict[str, None] = {}
            for node in known:
                for source, piece in node.pieces:
                    texts[source.text_of(piece)] = None
                if not node.pieces and isinstance(node.kept, FunctionType):
                    typed = bytecode.source_of(node.kept.__code__)
                    if typed is not None:
                        texts[typed] = None
            text = "\n\n".join(sorted(texts)) if texts else None
            self._texts[name] = len(known), text
        return text

    def _roots(self, function: object, hashes: dict[str, set[str]]) -> tuple[Iterable[nodes.Node], Iterable[str]]:
        """Return the nodes that a manifest starts from; note the hash of the step's parameters in `hashes`."""
        inner = values.definition_function(function)
        target = function if inner is None else inner
        found = self._nodes.nodes_of(target, self._label(target))
        if not found:
            name = self._label(target)
            hashes[name] = {trees.short_hash("library", name)}
            return (), (f"{name} (not the project's code)",)
        roots: list[nodes.Node] = list(found)
        notes: list[str] = []
        while (wrapped := values.wrapped_by(target)) is not None:
            target = wrapped
        if isinstance(target, MethodType):
            target = target.__func__
        if isinstance(target, FunctionType) and self._nodes.modules.owns_code(target):
            for source, definition in self._nodes.definitions(target):
                facts = source.parameter_facts(definition)
                if facts is not None:
                    # weft binds by these annotations: they choose the config class and the form of an input.
                    hashes.setdefault(self._nodes.function(target).name, set()).add(facts.hash)
                    read, unread = self._nodes.named(target, facts.header)
                    roots.extend(read)
                    notes.extend(unread)
        return roots, notes

    def _label(self, value: object) -> str:
        """Return the name of something that may have no code of its own, the same in the main program as elsewhere."""
        module = getattr(value, "__module__", None) or type(value).__module__
        if module == "__main__":
            module = self._nodes.modules.of(vars(sys.modules["__main__"])).name
        return f"{module}.{getattr(value, '__qualname__', None) or type(value).__qualname__}"


def _joined(hashes: set[str]) -> str:
    """Return one hash of all the code that bears one name, such as a property's getter and setter."""
    if len(hashes) == 1:
        return next(iter(hashes))
    bound = any(codes.binding_of(each) for each in hashes)
    joined = trees.short_hash(*sorted(hashes))
    return f"{bytecode.ALGORITHM}:{joined}" if bound else joined
