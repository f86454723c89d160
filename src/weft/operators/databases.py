"""Databases as the SQL operators see them: a session in one transaction, on SQLAlchemy or on DuckDB itself.

DuckDB is spoken to directly: its tables come as Arrow without a detour through Python's rows, and nothing stands
between it and its own SQL.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from weft.connections import adapting, learning, registry
from weft.connections import connection as connections
from weft.model import errors
from weft.operators import splitting

_PARAMETER = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")  # as SQLAlchemy sees them


@dataclass(frozen=True, slots=True)
class Rows:
    """What a statement gave: names of columns, rows, and how many rows it changed (-1: unknown)."""

    names: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    changed: int
    table: Any = None
    """The same as an Arrow table, where the database gives one."""
    types: tuple[tuple[int, int | None, int | None], ...] = ()
    """The number of each column's type, its precision and its scale, where the database is PostgreSQL."""


class Session(Protocol):
    """Statements, one after the other, in one transaction unless it commits each."""

    dialect: str
    """As sqlglot calls it."""

    def execute(self, statement: str, parameters: Mapping[str, Any], *, wanted: bool) -> Rows:
        """Run a statement with parameters (`:name`); `wanted`: whether its rows are read."""

    def columns(self, table: str) -> Sequence[str]:
        """The names of a table's columns; none where there is no such table."""


def target(connection: str | None, url: str | None) -> connections.Connection:
    """The database of a connection's name, or of any URL of SQLAlchemy.

    Raises:
        UsageError: neither or both are given, or there is no such connection.
    """
    if (connection is None) == (url is None):
        raise errors.UsageError(
            "Which database is meant is " + ("given twice." if url is not None else "not given."),
            remedy='Give connection="name", or url="sqlite:///file.db".',
        )
    if connection is not None and "://" not in connection:
        return registry.get(connection)
    given = connection or url or ""
    if given.partition("://")[0] in ("duckdb", "postgres"):
        found = connections.Connection.parse("url", given)
    else:
        found = connections.Connection(name="url", type="sql", extra={"url": given})
    learning.teach(found.secrets())
    return found


@contextlib.contextmanager
def session(found: connections.Connection, *, autocommit: bool = False) -> Iterator[Session]:
    """A session; all is committed at its end, or nothing if an exception passes.

    Raises:
        MissingExtraError: the library of the database is not installed.
    """
    if found.type == "duckdb":
        with adapting.duckdb_connection(found.database) as opened:
            yield from _duckdb(opened, autocommit)
        return
    engine = adapting.sqlalchemy_engine(found)
    if autocommit:
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    try:
        with engine.begin() as opened:
            yield _Alchemy(opened)
    finally:
        engine.dispose()


def _duckdb(opened: Any, autocommit: bool) -> Iterator[Session]:
    if autocommit:
        yield _DuckDb(opened)
        return
    opened.execute("BEGIN TRANSACTION")
    try:
        yield _DuckDb(opened)
    except BaseException:
        with contextlib.suppress(Exception):  # a statement's failure may have ended the transaction already
            opened.execute("ROLLBACK")
        raise
    opened.execute("COMMIT")


class _Alchemy:
    def __init__(self, opened: Any) -> None:
        self._opened = opened
        names = {"postgresql": "postgres"}
        self.dialect: str = names.get(opened.dialect.name, opened.dialect.name)

    def execute(self, statement: str, parameters: Mapping[str, Any], *, wanted: bool) -> Rows:
        import sqlalchemy

        # without any parameters, `:` means nothing
        text = splitting.literal(statement) if parameters else _PARAMETER.sub(r"\\:\1", statement)
        done = self._opened.execute(sqlalchemy.text(text), _used(text, parameters) if parameters else {})
        if not done.returns_rows:
            return Rows((), (), done.rowcount)
        names = tuple(done.keys())
        described = done.cursor.description if self.dialect == "postgres" else ()
        types = tuple((each[1], each[4], each[5]) for each in described)
        rows = done.fetchall() if wanted else ()
        done.close()
        return Rows(names, rows, -1, types=types)

    def columns(self, table: str) -> Sequence[str]:
        import sqlalchemy

        schema, _, name = table.rpartition(".")
        try:
            found = sqlalchemy.inspect(self._opened).get_columns(name, schema=schema.rpartition(".")[2] or None)
        except sqlalchemy.exc.NoSuchTableError:
            return ()
        return [each["name"] for each in found]


class _DuckDb:
    dialect = "duckdb"

    def __init__(self, opened: Any) -> None:
        self._opened = opened

    def execute(self, statement: str, parameters: Mapping[str, Any], *, wanted: bool) -> Rows:
        text = statement
        values: list[Any] = []
        if parameters:
            adapting.sqlalchemy_module("A parameter in SQL")
            text = splitting.literal(statement)
            text, values = _numbered(text, _used(text, parameters))
        if not wanted:
            self._opened.execute(text, values).fetchall()
            return Rows((), (), -1)
        relation = self._opened.sql(text, params=values or None)
        if relation is None:  # it gives nothing
            return Rows((), (), -1)
        table = relation.to_arrow_table()
        return Rows(tuple(table.column_names), (), -1, table)

    def columns(self, table: str) -> Sequence[str]:
        schema, _, name = table.rpartition(".")
        found = self._opened.execute(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = $1 AND ($2 = '' OR schema_name = $2)",
            [name, schema.rpartition(".")[2]],
        )
        return [each[0] for each in found.fetchall()]


def _used(statement: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a statement names, out of those of all statements.

    Raises:
        UsageError: it names one that is not given.
    """
    import sqlalchemy

    names = sqlalchemy.text(statement)._bindparams
    missing = sorted(set(names) - set(parameters))
    if missing:
        raise errors.UsageError(
            f"The statement names the parameter :{missing[0]}, which is not given.",
            remedy=f"Give parameters={{{missing[0]!r}: …}}; those given are: {', '.join(parameters) or 'none'}. "
            "A `:` that means none is written `\\:`.",
        )
    return {name: parameters[name] for name in names}


def _numbered(statement: str, parameters: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The statement with `$1`, `$2` … in place of `:name`, as DuckDB has it."""
    import sqlalchemy
    from sqlalchemy.engine import default

    dialect = default.DefaultDialect(paramstyle="numeric_dollar")
    compiled: Any = sqlalchemy.text(statement).compile(dialect=dialect)
    return str(compiled), [parameters[name] for name in compiled.positiontup or ()]
