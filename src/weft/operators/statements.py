"""`sql`: statements on any database that SQLAlchemy or DuckDB reaches, from text or a file, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from weft.define import task_context
from weft.model import errors
from weft.operators import arrow, databases, defining, lineage, splitting

Result = Literal["arrow", "rows", "row", "scalar", "none"]


@defining.operator("sql", templates=("statement", "file", "parameters", "url"))
def sql(
    statement: str | Sequence[str] | None = None,
    *,
    connection: str | None = None,
    url: str | None = None,
    file: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    result: Result = "arrow",
    autocommit: bool = False,
    column_lineage: bool = True,
) -> Any:
    """Run SQL statements, all in one transaction, and return what the last one gives.

    Args:
        statement: text with one statement or several, divided by `;`, or a list; templates are filled in.
        connection: the name of a connection to a database.
        url: any URL of SQLAlchemy (or duckdb:///file), in place of a connection.
        file: a file with the statements, in place of `statement`; in a DAG, templates in it are filled in.
        parameters: values that statements name as `:name`. They never become part of the text: what comes from outside
            belongs here, and not into a template. A `:` in a string, a quoted name or a comment names none.
        result: "arrow" (a table), "rows" (a list of mappings), "row" (the first one, or None), "scalar" (its first
            value), "none".
        autocommit: whether each statement is a transaction of its own, for those that can't be in one (VACUUM …).
        column_lineage: whether it is recorded, with the assets that the task declares to make, which columns theirs
            come from (needs sqlglot).

    Raises:
        UsageError: an argument is wrong, or a parameter is missing.
        MissingExtraError: a library is not installed.
        Exception: those of the database; nothing has been committed then.
    """
    if result not in ("arrow", "rows", "row", "scalar", "none"):
        raise errors.UsageError(f"sql: result is {result!r}.", remedy="Write arrow, rows, row, scalar or none.")
    texts = _statements(statement, file)
    with databases.session(databases.target(connection, url), autocommit=autocommit) as session:
        found = databases.Rows((), (), -1)
        for number, text in enumerate(texts):
            last = number == len(texts) - 1
            found = session.execute(text, parameters or {}, wanted=last and result != "none")
            told = f", {found.changed:,} rows" if found.changed >= 0 else ""
            defining.say(f"{_short(text)}{told}")
        value = _value(found, result)
        if column_lineage and defining.outlets():
            _record_lineage(texts, session)
    return value


def _statements(statement: str | Sequence[str] | None, file: str | None) -> list[str]:
    if (statement is None) == (file is None):
        raise errors.UsageError(
            "sql: the statement is " + ("given twice." if file is not None else "missing."),
            remedy='Give statement="…" or file="….sql".',
        )
    if file is not None:
        try:
            statement = Path(file).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise errors.UsageError(
                f"sql: the file {file!r} can't be read: {error}.", remedy="Check its path."
            ) from error
        context = task_context.current.get()
        if context is not None:
            statement = context.fill_in(statement, f"file {file}")
    several = splitting.statements(statement) if isinstance(statement, str) else list(statement or ())
    found = [each for each in several if each.strip()]
    if not found:
        raise errors.UsageError("sql: there is no statement in it.", remedy='Write statement="SELECT …".')
    return found


def _value(found: databases.Rows, result: Result) -> Any:
    if result == "none":
        return None
    if result == "arrow":
        return found.table if found.table is not None else arrow.table(found)
    rows = (
        found.table.to_pylist()
        if found.table is not None
        else [dict(zip(found.names, row, strict=True)) for row in found.rows]
    )
    if result == "rows":
        return rows
    first = rows[0] if rows else None
    if result == "row" or first is None:
        return first
    return next(iter(first.values()))


def _record_lineage(texts: Sequence[str], session: databases.Session) -> None:
    """Record with each outlet from which columns of which tables its own come."""
    tables = lineage.of(texts, session.dialect, session.columns)
    outlets = defining.outlets()
    for outlet in outlets:
        name = outlet.rpartition("/")[2]
        found = next((each for each in tables if each.target.rpartition(".")[2] == name), None)
        if found is None and len(outlets) == 1 and len(tables) == 1:
            found = tables[0]
        if found is not None and found.columns:
            columns = {column: list(sources) for column, sources in found.columns.items()}
            defining.record({"column_lineage": columns}, asset=outlet)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 120 else flat[:119] + "…"
