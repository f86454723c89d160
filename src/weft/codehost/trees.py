"""Normalised syntax trees: a hash of what code does, blind to how it is written, and the names that it refers to.

Left out of the hash: comments, formatting and positions (a tree has none), docstrings and other bare strings, weft's
own decorators, type comments and type parameters, and most annotations. An annotation counts where something reads it
as the program runs: in a class body (it makes fields of dataclasses and models) and on a function below a decorator
that is not weft's (the decorator sees it). The parameters of a step's own function are hashed apart, by
`parameter_facts`.

A hash is the same under each version of Python: fields that newer versions added are skipped (`_SKIPPED`), text is
written in ASCII, and f-strings are put together in one way.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

Chain = tuple[str, ...]
"""A name and the attributes taken from it: `helpers.clean` is ("helpers", "clean")."""

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
IsPolicy = Callable[[ast.expr], bool]

_SKIPPED = frozenset({"ctx", "kind", "type_comment", "type_params", "simple", "type_ignores"})
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}
_CHANGING = frozenset(
    {
        "add",
        "append",
        "appendleft",
        "clear",
        "discard",
        "extend",
        "insert",
        "pop",
        "popitem",
        "remove",
        "setdefault",
        "update",
    }
)
_SILENT_DECORATORS = frozenset({"staticmethod", "classmethod", "property"})


class LocalImport(NamedTuple):
    """One name that an import statement binds: `from <level dots><module> import <name> as <bound>`.

    `name` is None for a plain `import`; `bound` is empty for a module that is only to be loaded.
    """

    bound: str
    module: str
    name: str | None
    level: int


class Facts(NamedTuple):
    """What is known of a piece of code from its tree alone."""

    hash: str
    header: tuple[Chain, ...]
    """Names read where the code is defined: in decorators, defaults, bases, counted annotations."""
    body: tuple[Chain, ...]
    """Names read when it runs."""
    imports: tuple[LocalImport, ...]
    changed: frozenset[str] = frozenset()
    """Names that a function changes in place or rebinds in an enclosing one: caches, counters."""


def function_facts(node: FunctionNode | ast.Lambda, is_policy: IsPolicy) -> Facts:
    """Return the facts of a function with all that is nested in it; `is_policy` tells weft's own decorators."""
    walk = _Walk(is_policy)
    if isinstance(node, ast.Lambda):
        walk.parts.append("Lambda")
        walk.arguments(node.args, annotated=False)
        header = walk.take_chains()
        walk.visit(node.body)
    else:
        walk.function_header(node)
        header = walk.take_chains()
        walk.body(node.body)
    body = walk.take_chains()
    changed = walk.changed.union(chain[0] for chain in body if len(chain) > 1 and chain[1] in _CHANGING)
    return Facts(walk.hash(), header, body, tuple(walk.imports), frozenset(changed))


def parameter_facts(node: FunctionNode | ast.Lambda, is_policy: IsPolicy) -> Facts | None:
    """Return the facts of the annotations on a function's parameters, or None if it has none."""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    annotated = [argument for argument in every if argument.annotation is not None]
    if not annotated:
        return None
    walk = _Walk(is_policy)
    for argument in annotated:
        assert argument.annotation is not None
        walk.parts.append(argument.arg)
        walk.annotation(argument.annotation)
    return Facts(walk.hash(), walk.take_chains(), (), ())


def class_facts(node: ast.ClassDef, is_policy: IsPolicy) -> Facts:
    """Return the facts of a class without the methods in its body, which have facts of their own."""
    walk = _Walk(is_policy)
    walk.class_definition(node, methods=False)
    return Facts(walk.hash(), walk.take_chains(), (), tuple(walk.imports))


def statement_facts(nodes: Iterable[ast.stmt], is_policy: IsPolicy) -> Facts:
    """Return the facts of module-level statements together, such as the ones that bind and fill a constant."""
    walk = _Walk(is_policy)
    walk.body(list(nodes))
    return Facts(walk.hash(), walk.take_chains(), (), tuple(walk.imports))


def chain_of(node: ast.expr) -> Chain | None:
    """Return the chain that an expression is, or None if it is something else."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return (node.id, *reversed(attributes)) if isinstance(node, ast.Name) else None


def short_hash(*parts: str) -> str:
    """Return 16 hex digits of the parts, in their order."""
    hasher = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8)
    return hasher.hexdigest()


class _Walk:
    """One pass over a tree: `parts` becomes the hash, `chains` and `imports` are what was met."""

    __slots__ = ("chains", "changed", "imports", "in_class", "is_policy", "parts")

    def __init__(self, is_policy: IsPolicy) -> None:
        self.is_policy = is_policy
        self.parts: list[str] = []
        self.chains: dict[Chain, None] = {}
        self.imports: list[LocalImport] = []
        self.changed: set[str] = set()
        self.in_class = False

    def hash(self) -> str:
        return short_hash(*self.parts)

    def take_chains(self) -> tuple[Chain, ...]:
        taken = tuple(self.chains)
        self.chains = {}
        return taken

    def visit(self, node: ast.AST) -> None:
        kind = node.__class__
        special = _SPECIAL.get(kind)
        if special is not None:
            special(self, node)
            return
        parts = self.parts
        parts.append(kind.__name__)
        fields = _FIELDS.get(kind)
        if fields is None:
            fields = _FIELDS[kind] = tuple(field for field in kind._fields if field not in _SKIPPED)
        for field in fields:
            value = getattr(node, field, None)
            if value.__class__ is list:
                if field in _BODIES:
                    self.body(value)
                    continue
                parts.append("[")
                for each in value:
                    if isinstance(each, ast.AST):
                        self.visit(each)
                    else:
                        parts.append(ascii(each))
                parts.append("]")
            elif isinstance(value, ast.AST):
                self.visit(value)
            else:
                parts.append(ascii(value))

    def body(self, statements: Sequence[ast.AST]) -> None:
        parts = self.parts
        parts.append("[")
        for statement in statements:
            # A bare constant does nothing: docstrings, notes below attributes, `...`.
            if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                self.visit(statement)
        parts.append("]")

    def name(self, node: ast.Name) -> None:
        self.parts.append(node.id)
        if node.ctx.__class__ is not ast.Store:
            self.chains[(node.id,)] = None

    def attribute(self, node: ast.Attribute) -> None:
        chain = chain_of(node)
        if chain is None:
            self.parts.append("Attribute")
            self.parts.append(node.attr)
            self.visit(node.value)
        else:
            self.parts.append(".".join(chain))
            self.chains[chain] = None

    def subscript(self, node: ast.Subscript) -> None:
        if node.ctx.__class__ is not ast.Load and isinstance(node.value, ast.Name):
            self.changed.add(node.value.id)
        self.parts.append("Subscript")
        self.visit(node.value)
        self.visit(node.slice)

    def nonlocal_names(self, node: ast.Nonlocal) -> None:
        self.parts += ("Nonlocal", *node.names)
        self.changed.update(node.names)

    def constant(self, node: ast.Constant) -> None:
        # Not repr, which escapes what the Unicode version of this Python doesn't know yet.
        self.parts.append(ascii(node.value))

    def joined_string(self, node: ast.JoinedStr) -> None:
        """Visit an f-string; versions of Python differ in how they cut its text, and in empty pieces of it."""
        self.parts += ("JoinedStr", "[")
        text = ""
        for each in (*node.values, None):
            if isinstance(each, ast.Constant):
                text += str(each.value)
                continue
            if text:
                self.parts.append(ascii(text))
                text = ""
            if each is not None:
                self.visit(each)
        self.parts.append("]")

    def global_names(self, node: ast.Global) -> None:
        self.parts.append("Global")
        for name in node.names:
            self.parts.append(name)
            self.chains[(name,)] = None

    def import_names(self, node: ast.Import) -> None:
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            module = alias.name if alias.asname else bound
            self.imports.append(LocalImport(bound, module, None, 0))
            if module != alias.name:
                # `import a.b` binds `a`, and needs `a.b` to be loaded.
                self.imports.append(LocalImport("", alias.name, None, 0))
            self.parts += ("Import", alias.name, bound)

    def import_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            module = node.module or ""
            self.imports.append(LocalImport(alias.asname or alias.name, module, alias.name, node.level))
            self.parts += ("ImportFrom", "." * node.level + module, alias.name, alias.asname or alias.name)

    def annotated_assignment(self, node: ast.AnnAssign) -> None:
        if self.in_class:
            self.parts.append("AnnAssign")
            self.visit(node.target)
            self.annotation(node.annotation)
            if node.value is not None:
                self.visit(node.value)
        elif node.value is not None:
            self.parts += ("Assign", "[")
            self.visit(node.target)
            self.parts.append("]")
            self.visit(node.value)

    def annotation(self, node: ast.expr) -> None:
        """Visit an annotation; one that is written as a string is the same as one that is not."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                written = ast.parse(node.value, mode="eval")
            except SyntaxError:
                self.parts.append(ascii(node.value))
                return
            node = written.body
        self.visit(node)

    def arguments(self, node: ast.arguments, *, annotated: bool) -> None:
        parts = self.parts
        for group in (node.posonlyargs, node.args, [node.vararg], node.kwonlyargs, [node.kwarg]):
            parts.append("[")
            for argument in group:
                if argument is None:
                    continue
                parts.append(argument.arg)
                if annotated and argument.annotation is not None:
                    self.annotation(argument.annotation)
            parts.append("]")
        for default in (*node.defaults, None, *node.kw_defaults):
            if default is None:
                parts.append("None")
            else:
                self.visit(default)

    def lambda_function(self, node: ast.Lambda) -> None:
        self.parts.append("Lambda")
        self.arguments(node.args, annotated=False)
        self.visit(node.body)

    def function(self, node: FunctionNode) -> None:
        self.function_header(node)
        outer, self.in_class = self.in_class, False
        self.body(node.body)
        self.in_class = outer

    def function_header(self, node: FunctionNode) -> None:
        self.parts += (node.__class__.__name__, node.name)
        counted = self.decorators(node.decorator_list)
        annotated = any(not (isinstance(each, ast.Name) and each.id in _SILENT_DECORATORS) for each in counted)
        self.arguments(node.args, annotated=annotated)
        if annotated and node.returns is not None:
            self.annotation(node.returns)

    def decorators(self, nodes: list[ast.expr]) -> list[ast.expr]:
        counted = [node for node in nodes if not self.is_policy(node)]
        self.parts.append("@")
        for node in counted:
            self.visit(node)
        return counted

    def class_definition(self, node: ast.ClassDef, *, methods: bool = True) -> None:
        self.parts += ("ClassDef", node.name)
        self.decorators(node.decorator_list)
        for base in (*node.bases, *node.keywords):
            self.visit(base)
        outer, self.in_class = self.in_class, True
        statements = node.body
        if not methods:
            statements = [each for each in statements if not isinstance(each, FunctionNode)]
        self.body(statements)
        self.in_class = outer


_BODIES = frozenset({"body", "orelse", "finalbody"})
_SPECIAL: dict[type[ast.AST], Callable[[_Walk, ast.AST], None]] = {
    ast.Name: _Walk.name,  # type: ignore[dict-item]
    ast.Attribute: _Walk.attribute,  # type: ignore[dict-item]
    ast.Constant: _Walk.constant,  # type: ignore[dict-item]
    ast.JoinedStr: _Walk.joined_string,  # type: ignore[dict-item]
    ast.Subscript: _Walk.subscript,  # type: ignore[dict-item]
    ast.Nonlocal: _Walk.nonlocal_names,  # type: ignore[dict-item]
    ast.Global: _Walk.global_names,  # type: ignore[dict-item]
    ast.Import: _Walk.import_names,  # type: ignore[dict-item]
    ast.ImportFrom: _Walk.import_from,  # type: ignore[dict-item]
    ast.AnnAssign: _Walk.annotated_assignment,  # type: ignore[dict-item]
    ast.Lambda: _Walk.lambda_function,  # type: ignore[dict-item]
    ast.FunctionDef: _Walk.function,  # type: ignore[dict-item]
    ast.AsyncFunctionDef: _Walk.function,  # type: ignore[dict-item]
    ast.ClassDef: _Walk.class_definition,  # type: ignore[dict-item]
}
