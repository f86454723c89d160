"""Column lineage of SQL: from which columns of which tables each column of a statement's result comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TableLineage:
    """What one statement writes (`target` is "" for one that only reads), and where its columns come from."""

    target: str
    columns: Mapping[str, Sequence[str]]
    """For each column the sources, as "table.column"; empty for a constant."""


def of(statements: Sequence[str], dialect: str) -> list[TableLineage]:
    """The lineage of the statements that make or fill tables, or of the last query where none does.

    A statement that can't be understood has none. Nothing is given where sqlglot is not installed.
    """
    try:
        import sqlglot
        import sqlglot.errors
    except ImportError:
        return []
    written: list[TableLineage] = []
    read: list[TableLineage] = []
    for text in statements:
        try:
            parsed: Any = sqlglot.parse_one(
                text, dialect=dialect if dialect in sqlglot.Dialects.__members__.values() else None
            )
            found = _of(parsed)
        except sqlglot.errors.SqlglotError:
            continue
        if found is not None:
            (written if found.target else read).append(found)
    return written or read[-1:]


def _of(parsed: Any) -> TableLineage | None:
    from sqlglot import exp

    target = ""
    names: tuple[str, ...] = ()
    query = parsed
    if isinstance(parsed, (exp.Insert, exp.Create)):
        into = parsed.this
        if isinstance(into, exp.Schema):
            names = tuple(each.name for each in into.expressions)
            into = into.this
        if not isinstance(into, exp.Table):
            return None
        target, query = _name_of(into), parsed.expression
    if not isinstance(query, exp.Query):
        return None
    columns = _columns(query)
    if names and len(names) == len(columns):
        columns = dict(zip(names, columns.values(), strict=True))
    return TableLineage(target, columns)


def _columns(query: Any) -> dict[str, list[str]]:
    import sqlglot.errors
    from sqlglot import exp, lineage
    from sqlglot.optimizer import qualify

    qualified = qualify.qualify(_with_tables(query.copy()), validate_qualify_columns=False, identify=False)
    found: dict[str, list[str]] = {}
    for projection in qualified.selects:
        name = projection.alias_or_name
        if name == "*":
            continue
        try:
            node = lineage.lineage(name, qualified.copy(), schema={}, validate_qualify_columns=False)
        except sqlglot.errors.SqlglotError:  # of several tables, and it says not of which
            continue
        tables = [each for each in node.walk() if not each.downstream and isinstance(each.source, exp.Table)]
        columns = list(projection.find_all(exp.Column))
        if any(not each.table for each in columns) or (columns and not tables):
            continue  # it was traced to no table, or not all of it: a part of the answer would be a wrong one
        sources = {f"{_name_of(each.source)}.{each.name.rpartition('.')[2].strip(chr(34))}" for each in tables}
        found[name] = sorted(sources)
    return found


def _with_tables(query: Any) -> Any:
    """Say of the columns in each query on one table alone that they are its."""
    from sqlglot import exp
    from sqlglot.optimizer import scope as scopes

    for scope in scopes.traverse_scope(query):
        if len(scope.selected_sources) == 1:
            only = next(iter(scope.selected_sources))
            for column in scope.unqualified_columns:
                column.set("table", exp.to_identifier(only))
    return query


def _name_of(table: Any) -> str:
    return ".".join(part for part in (table.catalog, table.db, table.name) if part)
