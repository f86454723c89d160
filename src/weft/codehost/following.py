"""Following names: from a chain such as `helpers.clean` in a module to the code of the project behind it."""

from __future__ import annotations

import ast
import builtins
import sys
from types import ModuleType
from typing import Generic, Protocol, TypeVar

from weft.codehost import contexts, sourcefiles, trees

USER = "\0"
"""Stands in a note for the name of the code that it is about."""

_MISSING = object()
_DYNAMIC = frozenset({"eval", "exec", "globals", "__import__"})

Node = TypeVar("Node")
Made = TypeVar("Made", covariant=True)
Found = tuple[tuple[Node, ...], tuple[str, ...]]
"""The nodes that a name leads to, and notes on what cannot be tracked."""


class Maker(Protocol[Made]):
    """What following asks of the graph: its modules, and nodes for what was found."""

    @property
    def modules(self) -> contexts.Contexts:
        """Return the modules met so far."""
        ...

    def owns(self, value: object) -> bool:
        """Tell whether a function, class or module is the project's own."""
        ...

    def has_state(self, value: object) -> bool:
        """Tell whether a value is an object, of which the code that makes it is what counts."""
        ...

    def is_generated(self, value: object) -> bool:
        """Tell whether a value is a class that a call made, as `namedtuple` does."""
        ...

    def nodes_of(self, value: object, name: str) -> tuple[Made, ...]:
        """Return the nodes of a value that is or holds code of the project, known as `name`."""
        ...

    def constant(self, context: contexts.Context, name: str) -> Made:
        """Return the node of a name that statements of a module bind."""
        ...

    def static(
        self, context: contexts.Context, definition: sourcefiles.Definition | ast.ClassDef, qualname: str
    ) -> Made:
        """Return the node of a definition that is known only by its source."""
        ...

    def value(self, value: object, name: str) -> Made:
        """Return the node of a value that holds code of the project, known as `name`."""
        ...


class _Imported(Generic[Node]):
    """What a name that was imported inside a function from a module leads to."""

    __slots__ = ("found",)

    def __init__(self, found: Found[Node]) -> None:
        self.found = found


class Following(Generic[Node]):
    """Finds the nodes behind names; what a global of a module leads to is worked out once."""

    def __init__(self, nodes: Maker[Node]) -> None:
        self._nodes = nodes
        self._chains: dict[tuple[int, trees.Chain], Found[Node]] = {}

    def from_global(self, context: contexts.Context, chain: trees.Chain) -> Found[Node]:
        """Return what a chain of names that starts at a module's global leads to."""
        key = (id(context), chain)
        known = self._chains.get(key)
        if known is None:
            value = context.namespace.get(chain[0], _MISSING)
            if value is not _MISSING:
                known = self._in_module(context, chain, value)
            elif chain[0] in _DYNAMIC:
                known = ((), (f"{USER} (calls {chain[0]})",))
            elif hasattr(builtins, chain[0]) or context.source is None or chain[0] not in context.source.bindings:
                known = ((), ())
            else:
                known = ((), (f"{context.name}.{chain[0]} (has no value)",))
            self._chains[key] = known
        return known

    def _in_module(self, context: contexts.Context, chain: trees.Chain, value: object) -> Found[Node]:
        if isinstance(value, ModuleType):
            return self.member(value, chain)
        return self._binding(context, chain[0], value, set())

    def member(self, value: object, chain: trees.Chain) -> Found[Node]:
        """Return what a chain leads to whose first name stands for `value`, a module or something imported from one."""
        if isinstance(value, _Imported):
            return value.found
        if not isinstance(value, ModuleType) or not self._nodes.owns(value):
            return ((), (f"{USER} (imports modules by name)",)) if chain[-1] == "import_module" else ((), ())
        if len(chain) == 1:
            return (), (f"{USER} (uses the module {value.__name__} as a value)",)
        inner = getattr(value, chain[1], _MISSING)
        if inner is _MISSING:
            inner = sys.modules.get(f"{value.__name__}.{chain[1]}", _MISSING)
        if inner is _MISSING:
            return ((), ())
        return self._in_module(self._nodes.modules.of(vars(value)), chain[1:], inner)

    def _binding(self, context: contexts.Context, name: str, value: object, seen: set[tuple[int, str]]) -> Found[Node]:
        """Return the nodes behind a global of a module of the project."""
        if (id(context), name) in seen:
            return ((), ())
        seen.add((id(context), name))
        label = f"{context.name}.{name}"
        binding = context.source.bindings.get(name) if context.source else None
        known = binding is not None and (binding.definitions or binding.statements)
        # An object with a state is taken by the code that makes it, as constants are; so is a class that was generated.
        by_statement = (known and self._nodes.has_state(value)) or (binding and self._nodes.is_generated(value))
        nodes = () if by_statement else self._nodes.nodes_of(value, label)
        if nodes:
            # `Limits.low = 3` after the class changes it, and so counts with it.
            changed = binding is not None and binding.definitions and binding.statements
            return ((*nodes, self._nodes.constant(context, name)) if changed else nodes), ()
        if binding is None:
            return self._unbound(context, name, value, seen)
        if binding.definitions:
            # Something made of the definition by a decorator that hides it: the definition itself is what is known.
            return tuple(self._nodes.static(context, each, each.name) for each in binding.definitions), ()
        if binding.statements:
            return (self._nodes.constant(context, name),), ()
        return self._through_import(context, binding.imports[-1], value, seen)

    def _through_import(
        self, context: contexts.Context, entry: trees.LocalImport, value: object, seen: set[tuple[int, str]]
    ) -> Found[Node]:
        module = sys.modules.get(context.absolute(entry))
        if module is None or entry.name is None or not self._nodes.owns(module):
            return ((), ())
        return self._binding(self._nodes.modules.of(vars(module)), entry.name, value, seen)

    def _unbound(self, context: contexts.Context, name: str, value: object, seen: set[tuple[int, str]]) -> Found[Node]:
        """Follow a global that no statement of its module binds: a star import, or set while the program ran."""
        for star in context.source.stars if context.source else ():
            module = sys.modules.get(context.absolute(star))
            if module is not None and vars(module).get(name, _MISSING) is value:
                return self._through_import(context, star._replace(name=name), value, seen)
        if name.startswith("__") or (callable(value) and hasattr(value, "__qualname__")):
            return ((), ())
        return (self._nodes.value(value, f"{context.name}.{name}"),), ()

    def imported(self, context: contexts.Context, facts: trees.Facts) -> tuple[dict[str, object], list[str]]:
        """Return what the imports inside a function bind, for those of the project, and which of them fail."""
        bound: dict[str, object] = {}
        notes: list[str] = []
        for entry in facts.imports:
            name = context.absolute(entry)
            module, problem = self._nodes.modules.own_module(name)
            if problem is not None:
                notes.append(f"{name} ({problem})")
            if module is None or not entry.bound:
                continue
            if entry.name is None:
                bound[entry.bound] = module
                continue
            submodule, _ = self._nodes.modules.own_module(f"{name}.{entry.name}")
            inner = getattr(module, entry.name, submodule)
            if isinstance(inner, ModuleType):
                bound[entry.bound] = inner
            elif inner is not None:
                bound[entry.bound] = _Imported(
                    self._binding(self._nodes.modules.of(vars(module)), entry.name, inner, set())
                )
        return bound, notes
