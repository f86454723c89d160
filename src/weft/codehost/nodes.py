"""The graph of code: its nodes, what each is made of, and how each is hashed.

A node is a function, a class, a module-level constant, a definition known only by its source, or a value such as a
partial. It is made by name and identity, and filled when it is first visited: its hash is taken and its references are
followed (`following`) to further nodes.
"""

from __future__ import annotations

import ast
import enum
import functools
import sys
from collections.abc import Callable
from types import CellType, CodeType, FunctionType, MethodType, ModuleType

from weft.codehost import bytecode, contexts, following, ownership, sourcefiles, trees, values


class Node:
    """A piece of code; `fill` works out the rest on the first visit."""

    __slots__ = ("fill", "hash", "kept", "name", "pieces", "references", "untracked")

    def __init__(self, name: str, fill: Callable[[Node], None], kept: object) -> None:
        self.name = name
        self.fill: Callable[[Node], None] | None = fill
        self.hash = ""
        self.references: list[Node] = []
        self.untracked: list[str] = []
        self.pieces: list[tuple[sourcefiles.SourceFile, ast.AST]] = []
        # Nodes are found by identity, which holds only while the object lives.
        self.kept = kept


class Nodes:
    """All nodes met by one fingerprinter."""

    def __init__(self, owned: ownership.Ownership) -> None:
        self.modules: contexts.Contexts = contexts.Contexts(owned)
        self.by_name: dict[str, list[Node]] = {}
        self._ownership = owned
        self._following: following.Following[Node] = following.Following(self)
        self._nodes: dict[tuple[object, ...], Node] = {}
        self._names: dict[CodeType, frozenset[str]] = {}

    def _node(self, key: tuple[object, ...], name: str, fill: Callable[[Node], None], kept: object) -> Node:
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node(name, fill, kept)
            self.by_name.setdefault(name, []).append(node)
        return node

    def filled(self, node: Node) -> None:
        """Fill a node if this is its first visit."""
        if node.fill is not None:
            fill, node.fill = node.fill, None
            fill(node)

    def function(self, function: FunctionType) -> Node:
        """Return the node of a function of the project."""
        known = self._nodes.get(("function", id(function)))
        if known is not None:
            return known
        # The name of the code, as functools.wraps changes that of the function.
        name = f"{self.modules.of(function.__globals__).name}.{function.__code__.co_qualname}"
        return self._node(
            ("function", id(function)), name, functools.partial(self._fill_function, function=function), function
        )

    def _class(self, cls: type) -> Node:
        name = f"{self._class_context(cls).name}.{cls.__qualname__}"
        return self._node(("class", id(cls)), name, functools.partial(self._fill_class, cls=cls), cls)

    def constant(self, context: contexts.Context, name: str) -> Node:
        """Return the node of a name that statements of a module bind."""
        key = ("constant", id(context), name)
        return self._node(
            key, f"{context.name}.{name}", functools.partial(self._fill_constant, context=context, name=name), context
        )

    def static(
        self, context: contexts.Context, definition: sourcefiles.Definition | ast.ClassDef, qualname: str
    ) -> Node:
        """Return the node of a definition that is known only by its source."""
        return self._node(
            ("static", id(definition)),
            f"{context.name}.{qualname}",
            functools.partial(self._fill_static, context=context, definition=definition),
            definition,
        )

    def value(self, value: object, name: str) -> Node:
        """Return the node of a value that holds code of the project, known as `name`."""
        return self._node(("value", id(value), name), name, functools.partial(self._fill_value, value=value), value)

    def nodes_of(self, value: object, name: str) -> tuple[Node, ...]:
        """Return the nodes of a value that is or holds code of the project; `name` is what the value is known as."""
        if isinstance(value, FunctionType):
            if self.modules.owns_code(value):
                return (self.function(value),)
        elif isinstance(value, type):
            return (self._class(value),) if self.owns(value) else ()
        elif (inner := values.definition_function(value)) is not None:
            return self.nodes_of(inner, name)
        elif isinstance(value, staticmethod | classmethod):
            return self.nodes_of(value.__func__, name)
        elif isinstance(value, MethodType):
            owned = self.nodes_of(value.__func__, name)
            return (*owned, self.value(value, f"{name}.<bound>")) if owned else ()
        elif isinstance(value, functools.partial) or (callable(value) and self.owns(type(value))):
            return (self.value(value, name),) if self._reaches(value) else ()
        wrapped = values.wrapped_by(value)
        return () if wrapped is None else self.nodes_of(wrapped, name)

    def has_state(self, value: object) -> bool:
        """Tell whether a value is an object, of which the code that makes it is what counts."""
        return not isinstance(value, type) and (isinstance(value, functools.partial) or self.owns(type(value)))

    def is_generated(self, value: object) -> bool:
        """Tell whether a value is a class that a call made, as `namedtuple` does: its code is the library's."""
        if not isinstance(value, type) or not self.owns(value):
            return False
        source = self._class_context(value).source
        return source is not None and not source.class_nodes(value.__qualname__)

    def _reaches(self, value: object) -> bool:
        return bool(self._describe(value, "").references)

    def _fill_function(self, node: Node, function: FunctionType) -> None:
        code, context = function.__code__, self.modules.of(function.__globals__)
        definitions = self.definitions(function)
        if not definitions:
            facts = [bytecode.facts(code)]
        else:
            facts = [source.facts(definition) for source, definition in definitions]
            node.pieces += [(source, definition) for source, definition in definitions]
        held = dict(zip(code.co_freevars, map(_content, function.__closure__ or ()), strict=False))
        changed = frozenset().union(*(fact.changed for fact in facts))
        bound = []
        for name, value in (*sorted(held.items()), ("", "defaults"), *_defaults(function)):
            # What the function itself changes is its memory, not its code.
            text = f"changed {type(value).__qualname__}" if name in changed else self._bound(node, value, name)
            bound.append(f"{name}={text}")
        names = self._names_of(code)
        for fact in facts:
            imported, notes = self._following.imported(context, fact)
            node.untracked += notes
            for chain in fact.header:
                self._add(node, self._following.from_global(context, chain))
            for chain in fact.body:
                root = chain[0]
                if root in imported:
                    self._add(node, self._following.member(imported[root], chain))
                elif isinstance(held.get(root), ModuleType):
                    self._add(node, self._following.member(held[root], chain))
                elif root in names:
                    self._add(node, self._following.from_global(context, chain))
        # A wrapper made by a decorator of the project: what it wraps counts even if it reaches it in no other way.
        wrapped = values.wrapped_by(function)
        if wrapped is not None:
            node.references += self.nodes_of(wrapped, node.name)
        hashed = trees.short_hash(*[fact.hash for fact in facts], *bound)
        node.hash = hashed if definitions else f"{bytecode.ALGORITHM}:{hashed}"

    def _fill_class(self, node: Node, cls: type) -> None:
        context = self._class_context(cls)
        source = context.source
        definitions = source.class_nodes(cls.__qualname__) if source else []
        methods = {_place(method): method for method in _methods(cls)}
        parts: list[str] = []
        for definition in definitions:
            assert source is not None
            parts.append(source.facts(definition).hash)
            node.pieces.append((source, definition))
            for chain in source.facts(definition).header:
                self._add(node, self._following.from_global(context, chain))
            for member in definition.body:
                if isinstance(member, trees.FunctionNode):
                    line = member.decorator_list[0].lineno if member.decorator_list else member.lineno
                    method = methods.get((line, member.name))
                    if method is None:
                        node.references.append(self.static(context, member, f"{cls.__qualname__}.{member.name}"))
                    else:
                        node.references.append(self.function(method))
        for base in (*cls.__bases__, type(cls)):
            node.references += self.nodes_of(base, node.name)
        if not definitions:
            for method in methods.values():
                # A library's generated methods, as those of `namedtuple`, live in a namespace of their own.
                generated = method.__globals__.get("__name__") != cls.__module__ and not self.definitions(method)
                if self.modules.owns_code(method) and not generated:
                    node.references.append(self.function(method))
        if not definitions or "<locals>" in cls.__qualname__:
            parts += self._attributes(node, cls)
        node.hash = trees.short_hash(*parts)

    def _attributes(self, node: Node, cls: type) -> list[str]:
        """Describe the plain attributes of a class made in a function or without source: they differ each time."""
        if issubclass(cls, enum.Enum):
            # What else an enum has is the library's, another in each version of Python.
            return [f"{name}={self._bound(node, member.value, name)}" for name, member in cls.__members__.items()]
        parts = []
        for name, value in sorted(vars(cls).items()):
            if not name.startswith("__") and not callable(value) and not hasattr(type(value), "__get__"):
                parts.append(f"{name}={self._bound(node, value, name)}")
        return parts

    def _fill_constant(self, node: Node, context: contexts.Context, name: str) -> None:
        assert context.source is not None
        statements = context.source.bindings[name].statements
        facts = trees.statement_facts(statements, context.source.is_policy)
        node.hash = facts.hash
        node.pieces += [(context.source, statement) for statement in statements]
        for chain in facts.header:
            # What the same statements bind, such as the name that a loop runs over, is in the hash already.
            other = context.source.bindings.get(chain[0])
            if other is None or not other.statements or any(each not in statements for each in other.statements):
                self._add(node, self._following.from_global(context, chain))
        value = context.namespace.get(name)
        if values.is_opaque(value) and not self.owns(type(value)):
            kind = type(value)
            node.untracked.append(f"{node.name} (an object of {kind.__module__}.{kind.__qualname__})")

    def _fill_static(
        self, node: Node, context: contexts.Context, definition: sourcefiles.Definition | ast.ClassDef
    ) -> None:
        assert context.source is not None
        facts = context.source.facts(definition)
        node.hash = facts.hash
        node.pieces.append((context.source, definition))
        imported, notes = self._following.imported(context, facts)
        node.untracked += notes
        for chain in (*facts.header, *facts.body):
            found = (
                self._following.member(imported[chain[0]], chain)
                if chain[0] in imported
                else self._following.from_global(context, chain)
            )
            self._add(node, found)
        if isinstance(definition, ast.ClassDef):
            for member in definition.body:
                if isinstance(member, trees.FunctionNode):
                    node.references.append(self.static(context, member, f"{definition.name}.{member.name}"))

    def _fill_value(self, node: Node, value: object) -> None:
        node.hash = trees.short_hash(self._bound(node, value, node.name))

    def named(self, function: FunctionType, chains: tuple[trees.Chain, ...]) -> following.Found[Node]:
        """Return the nodes behind names that stand in the header of a function, and what of them is untracked."""
        found = [self._following.from_global(self.modules.of(function.__globals__), chain) for chain in chains]
        name = self.function(function).name
        return tuple(node for each in found for node in each[0]), tuple(
            note.replace(following.USER, name) for each in found for note in each[1]
        )

    def _add(self, node: Node, found: following.Found[Node]) -> None:
        node.references += found[0]
        node.untracked += [note.replace(following.USER, node.name) for note in found[1]]

    def _bound(self, node: Node, value: object, name: str) -> str:
        described = self._describe(value, f"{node.name}.{name}" if name != node.name else name)
        for reference in described.references:
            node.references += self.nodes_of(reference, node.name)
        node.untracked += described.opaque
        return described.text

    def _describe(self, value: object, name: str) -> values.Description:
        return values.describe(value, name, owns=self.owns, relative=self._ownership.relative)

    def owns(self, value: object) -> bool:
        """Tell whether a function, class or module is the project's own."""
        if isinstance(value, FunctionType):
            return self.modules.owns_code(value)
        if isinstance(value, ModuleType):
            return self._ownership.owns_module(value)
        if isinstance(value, type):
            return self.modules.owns_class(value)
        return False

    def _class_context(self, cls: type) -> contexts.Context:
        module = sys.modules.get(cls.__module__)
        for method in _methods(cls):
            # A module that was loaded again is another one than that of the class; its functions know theirs.
            if method.__module__ == cls.__module__ and "__file__" in method.__globals__:
                return self.modules.of(method.__globals__)
        return self.modules.of(vars(module) if module else {"__name__": cls.__module__})

    def definitions(self, function: FunctionType) -> list[tuple[sourcefiles.SourceFile, sourcefiles.Definition]]:
        """Return where a function is defined: nowhere, once, or as lambdas that cannot be told apart."""
        source = self.modules.source_of(function)
        return [] if source is None else [(source, each) for each in source.function_nodes(function.__code__)]

    def _names_of(self, code: CodeType) -> frozenset[str]:
        """Return all names that a code object and those nested in it look up in their module, or as attributes."""
        known = self._names.get(code)
        if known is None:
            names = set(code.co_names)
            for constant in code.co_consts:
                if isinstance(constant, CodeType):
                    names |= self._names_of(constant)
            known = self._names[code] = frozenset(names)
        return known


def _content(cell: CellType) -> object:
    try:
        content: object = cell.cell_contents
    except ValueError:
        return None
    return content


def _defaults(function: FunctionType) -> list[tuple[str, object]]:
    """Return the defaults of a function's parameters by name."""
    code, defaults = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
    return [*zip(names, defaults, strict=True), *sorted((function.__kwdefaults__ or {}).items())]


def _place(function: FunctionType) -> tuple[int, str]:
    return function.__code__.co_firstlineno, function.__code__.co_name


def _methods(cls: type) -> list[FunctionType]:
    """Return the functions in a class's own namespace, taken out of properties and the like, and out of wrappers."""
    found: list[FunctionType] = []
    stack: list[object] = list(vars(cls).values())
    while stack:
        value = stack.pop()
        if isinstance(value, FunctionType):
            found.append(value)
        elif isinstance(value, staticmethod | classmethod):
            stack.append(value.__func__)
        elif isinstance(value, property):
            stack += [value.fget, value.fset, value.fdel]
        elif isinstance(value, functools.cached_property | functools.partialmethod):
            stack.append(value.func)
        if (wrapped := values.wrapped_by(value)) is not None:
            stack.append(wrapped)
    return found
