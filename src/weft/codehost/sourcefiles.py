"""One parsed source file: where its functions, classes and module-level names are.

A file is parsed once; definitions are found by the first line and the name that their code objects carry, so that a
file with thousands of functions costs one parse and not one for each.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, ModuleType

from weft.codehost import ownership, trees
from weft.ports import garbage

Definition = trees.FunctionNode | ast.Lambda


@dataclass(slots=True)
class Binding:
    """How a module binds one of its names, in the order in which the file does."""

    definitions: tuple[trees.FunctionNode | ast.ClassDef, ...] = ()
    imports: tuple[trees.LocalImport, ...] = ()
    statements: tuple[ast.stmt, ...] = ()
    """Statements that assign it, or that change it in place by assignment, `del` or a bare call of a method."""


class SourceFile:
    """The tree of one file, indexed. `namespace` is its module's globals, by which decorators are known as weft's."""

    def __init__(self, text: str, namespace: Mapping[str, object]) -> None:
        """Parse the text; raises SyntaxError or ValueError if it is not Python."""
        self.text = text
        self.namespace = namespace
        self.bindings: dict[str, Binding] = {}
        self.stars: list[trees.LocalImport] = []
        self._by_line: dict[tuple[int, str], list[trees.FunctionNode]] = {}
        self._facts: dict[ast.AST, trees.Facts] = {}
        self._parameters: dict[ast.AST, trees.Facts | None] = {}
        self._whole = False
        with garbage.held():
            for statement in ast.parse(text).body:
                self._bind(statement)
                if isinstance(statement, trees.FunctionNode):
                    # Facts are small and trees are large: thousands of them keep the collector busy.
                    self.facts(statement)
                    self.parameter_facts(statement)
                    statement.body = []

    def function_nodes(self, code: CodeType) -> list[Definition]:
        """Return the definitions a code object may come from: one, or lambdas that cannot be told apart."""
        if code.co_name == "<lambda>":
            return list(self._lambdas_of(code))
        key = (code.co_firstlineno, code.co_name)
        if key not in self._by_line and not self._whole:
            self._whole = True
            for node in ast.walk(self.tree):
                if isinstance(node, trees.FunctionNode):
                    self._index(node, again=True)
        return list(self._by_line.get(key, ()))

    def class_nodes(self, qualified_name: str) -> list[ast.ClassDef]:
        """Return the definitions of a class by its qualified name in the module."""
        if "." not in qualified_name:
            binding = self.bindings.get(qualified_name)
            return [] if binding is None else [node for node in binding.definitions if isinstance(node, ast.ClassDef)]
        return self._classes.get(qualified_name, [])

    def facts(self, node: Definition | ast.ClassDef) -> trees.Facts:
        """Return the facts of one definition, worked out once."""
        known = self._facts.get(node)
        if known is None:
            if isinstance(node, ast.ClassDef):
                known = trees.class_facts(node, self.is_policy)
            else:
                known = trees.function_facts(node, self.is_policy)
            self._facts[node] = known
        return known

    def parameter_facts(self, node: Definition) -> trees.Facts | None:
        """Return the facts of the annotations on a function's parameters, or None if it has none."""
        if node not in self._parameters:
            self._parameters[node] = trees.parameter_facts(node, self.is_policy)
        return self._parameters[node]

    def is_policy(self, decorator: ast.expr) -> bool:
        """Tell whether a decorator is weft's own, so that it says how a step runs and not what it computes."""
        while isinstance(decorator, ast.Call):
            decorator = decorator.func
        chain = trees.chain_of(decorator)
        if chain is None:
            return False
        value = self.namespace.get(chain[0], _MISSING)
        if value is _MISSING:
            return chain[0] in self._weft_names
        for attribute in (*chain[1:], None):
            if _is_wefts(value):
                return True
            value = getattr(value, attribute, None) if attribute else None
        return False

    def text_of(self, node: ast.AST) -> str:
        """Return the lines of a definition or statement, with its decorators, as they stand in the file."""
        first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
        decorators = getattr(node, "decorator_list", None)
        if decorators:
            first = min(first, decorators[0].lineno)
        return "\n".join(self._lines[first - 1 : last])

    @functools.cached_property
    def tree(self) -> ast.Module:
        """Return the whole tree, parsed when something inside a function is looked for."""
        with garbage.held():
            return ast.parse(self.text)

    @functools.cached_property
    def _lines(self) -> list[str]:
        # Not str.splitlines, which also splits at form feeds and other characters that Python counts as no new line.
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    @functools.cached_property
    def _lambdas(self) -> dict[int, list[ast.Lambda]]:
        found: dict[int, list[ast.Lambda]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Lambda):
                found.setdefault(node.lineno, []).append(node)
        return found

    @functools.cached_property
    def _classes(self) -> dict[str, list[ast.ClassDef]]:
        found: dict[str, list[ast.ClassDef]] = {}
        stack: list[tuple[ast.AST, str]] = [(self.tree, "")]
        while stack:
            node, prefix = stack.pop()
            for child in ast.iter_child_nodes(node):
                inner = prefix
                if isinstance(child, ast.ClassDef):
                    found.setdefault(prefix + child.name, []).append(child)
                    inner = f"{prefix}{child.name}."
                elif isinstance(child, trees.FunctionNode):
                    inner = f"{prefix}{child.name}.<locals>."
                stack.append((child, inner))
        return found

    @functools.cached_property
    def _weft_names(self) -> frozenset[str]:
        """Names that any import in the file, also one inside a function, binds to something of weft."""
        names: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.level == 0 and ownership.is_own_package(node.module):
                names.update(alias.asname or alias.name for alias in node.names)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if ownership.is_own_package(alias.name):
                        names.add(alias.asname or alias.name.partition(".")[0])
        return frozenset(names)

    def _lambdas_of(self, code: CodeType) -> Iterator[ast.Lambda]:
        """Yield the lambda whose body has the columns of the code, or all on its line where columns are not kept."""
        candidates = self._lambdas.get(code.co_firstlineno, [])
        if len(candidates) == 1:
            yield from candidates
            return
        spans = [span for span in code.co_positions() if None not in span and span[0] and span[1] and span[3]]
        # The body of a lambda is one expression, and its last instruction returns the whole of it.
        last = spans[-1] if spans else None
        exact = [
            node
            for node in candidates
            if last == (node.body.lineno, node.body.end_lineno, node.body.col_offset, node.body.end_col_offset)
        ]
        yield from exact or candidates

    def _index(self, node: trees.FunctionNode, *, again: bool = False) -> None:
        line = node.decorator_list[0].lineno if node.decorator_list else node.lineno
        known = self._by_line.get((line, node.name))
        if known is None:
            self._by_line[line, node.name] = [node]
        elif not again:
            known.append(node)

    def _binding(self, name: str) -> Binding:
        binding = self.bindings.get(name)
        if binding is None:
            binding = self.bindings[name] = Binding()
        return binding

    def _bind(self, statement: ast.stmt) -> None:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._index(statement)
                self._binding(statement.name).definitions += (statement,)
            case ast.ClassDef():
                self._binding(statement.name).definitions += (statement,)
            case ast.Import() | ast.ImportFrom():
                self._bind_import(statement)
            case ast.If() if _is_main_guard(statement.test):
                pass
            case ast.If() | ast.Try() | ast.For() | ast.AsyncFor() | ast.While() | ast.With() | ast.AsyncWith():
                self._bind_compound(statement)
            case _:
                for name in _changed_names(statement):
                    self._binding(name).statements += (statement,)

    def _bind_import(self, statement: ast.Import | ast.ImportFrom) -> None:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                bound = alias.asname or alias.name.partition(".")[0]
                self._binding(bound).imports += (
                    trees.LocalImport(bound, alias.name if alias.asname else bound, None, 0),
                )
            return
        for alias in statement.names:
            entry = trees.LocalImport(alias.asname or alias.name, statement.module or "", alias.name, statement.level)
            if alias.name == "*":
                self.stars.append(entry)
            else:
                self._binding(entry.bound).imports += (entry,)

    def _bind_compound(self, statement: ast.stmt) -> None:
        """Bind what stands in a compound statement; what it assigns depends on the whole of it."""
        names: set[str] = set()
        stack: list[ast.AST] = [statement]
        while stack:
            for child in ast.iter_child_nodes(stack.pop()):
                if isinstance(child, trees.FunctionNode | ast.ClassDef | ast.Import | ast.ImportFrom):
                    self._bind(child)
                elif isinstance(child, ast.stmt):
                    names.update(_changed_names(child))
                    stack.append(child)
                elif isinstance(child, ast.ExceptHandler | ast.match_case | ast.withitem):
                    names.update(_stored_names(child))
                    stack.append(child)
        names.update(_changed_names(statement))
        for name in sorted(names):
            self._binding(name).statements += (statement,)


_MISSING = object()


def _is_wefts(value: object) -> bool:
    if isinstance(value, ModuleType):
        return ownership.is_own_package(value.__name__)
    if isinstance(value, functools.partial):
        return _is_wefts(value.func)
    return ownership.is_own_package(getattr(value, "__module__", None)) or ownership.is_own_package(
        type(value).__module__
    )


def _is_main_guard(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Constant) and node.value == "__main__" for node in ast.walk(test))


def _changed_names(statement: ast.stmt) -> set[str]:
    """Return the names that a statement itself binds, or changes by attribute, item or a bare call of a method."""
    match statement:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            roots = list(targets)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target) | ast.For(target=target):
            roots = [target]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            roots = [item.optional_vars for item in items if item.optional_vars is not None]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=base))):
            roots = [base]
        case _:
            # `type Row = …`, a statement that Python 3.12 added.
            name = getattr(statement, "name", None)
            roots = [name] if type(statement).__name__ == "TypeAlias" and isinstance(name, ast.expr) else []
    names = {name for root in roots for name in _roots(root)}
    for expression in ast.iter_child_nodes(statement):
        if isinstance(expression, ast.expr):
            for node in ast.walk(expression):
                if isinstance(node, ast.NamedExpr):
                    names.add(node.target.id)
    return names


def _stored_names(node: ast.AST) -> set[str]:
    found = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    return found if not isinstance(node, ast.ExceptHandler) else ({node.name} if node.name else set())


def _roots(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value):
            yield from _roots(value)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element in elements:
                yield from _roots(element)
        case ast.Call(func=ast.Attribute(value=value)):
            yield from _roots(value)
        case _:
            return
