"""Column lineage of SQL: from which columns of which tables each column of a statement's result comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TableLineage:
    """What one statement writes (`target` is "" for one that only reads), and where its columns come from."""

    target: str
    columns: Mapping[str, Sequence[str]]
    """For each column the sources, as "table.column"; empty for a constant."""


def of(
    statements: Sequence[str], dialect: str, columns_of: Callable[[str], Sequence[str]] = lambda table: ()
) -> list[TableLineage]:
    """The lineage of the statements that make or fill tables, or of the last query where none does.

    A statement that can't be understood has none. Nothing is given where sqlglot is not installed.

    Args:
        statements: what was run, in this order.
        dialect: as sqlglot calls it.
        columns_of: gives the columns of a table, none for one that it does not know; asked where a statement on several
            tables names a column without its table.
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
            found = _of(parsed, columns_of)
        except sqlglot.errors.SqlglotError:
            continue
        if found is not None:
            (written if found.target else read).append(found)
    return written or read[-1:]


def _of(parsed: Any, columns_of: Callable[[str], Sequence[str]]) -> TableLineage | None:
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
    columns = _columns(query, columns_of)
    if names and len(names) == len(columns):
        columns = dict(zip(names, columns.values(), strict=True))
    return TableLineage(target, columns)


def _columns(query: Any, columns_of: Callable[[str], Sequence[str]]) -> dict[str, list[str]]:
    import sqlglot.errors
    from sqlglot import exp, lineage
    from sqlglot.optimizer import qualify

    qualified = qualify.qualify(_with_tables(query.copy(), columns_of), validate_qualify_columns=False, identify=False)
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


def _with_tables(query: Any, columns_of: Callable[[str], Sequence[str]]) -> Any:
    """Say of columns without a table which one's they are: the only one, or the only one that has such a column."""
    from sqlglot import exp
    from sqlglot.optimizer import scope as scopes

    for scope in scopes.traverse_scope(query):
        sources = scope.selected_sources
        if len(sources) == 1:
            only = next(iter(sources))
            for column in scope.unqualified_columns:
                column.set("table", exp.to_identifier(only))
            continue
        if not scope.unqualified_columns:
            continue
        known = {alias: _source_columns(source, columns_of) for alias, (_, source) in sources.items()}
        if not all(known.values()):
            continue  # one that is not known may have any column
        for column in scope.unqualified_columns:
            owners = [alias for alias, names in known.items() if column.name.lower() in names]
            if len(owners) == 1:
                column.set("table", exp.to_identifier(owners[0]))
    return query


def _source_columns(source: Any, columns_of: Callable[[str], Sequence[str]]) -> set[str]:
    from sqlglot import exp

    if isinstance(source, exp.Table):
        names = columns_of(_name_of(source))
    else:
        names = [each for each in source.expression.named_selects if each != "*"]
    return {each.lower() for each in names}


def _name_of(table: Any) -> str:
    return ".".join(part for part in (table.catalog, table.db, table.name) if part)
