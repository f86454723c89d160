"""http, sql and email where servers, databases and libraries are not as one would wish."""

from __future__ import annotations

import datetime
import decimal
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.services import WebServer, free_port, web_server

from weft.model import errors
from weft.operators import email, http, lineage, requests, splitting, sql, transfer, wait_for_http, wait_for_sql

# --- http -------------------------------------------------------------------------------------------------------------


def test_the_login_of_a_connection_does_not_go_to_another_server(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEFT_CONN_API", web.url.replace("://", "://me:hidden-away@"))
    with web_server() as other:
        web.answers["/a"] = [(200, {"next": f"{other.url}/b"})]
        other.answers["/b"] = [(200, {})]
        http(
            connection="api", endpoint="a", headers={"X-Token": "hidden-away"},
            paginate=lambda answer: answer.json().get("next"),
        )  # fmt: skip
        http(connection="api", endpoint=f"{other.url}/b")
    assert "Authorization" in web.asked[0]["headers"]
    for asked in other.asked:
        assert not {"authorization", "x-token"} & {each.lower() for each in asked["headers"]}


def test_headers_do_not_follow_a_redirect_to_another_server(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"headers": {"X-Token": "hidden-away", "Authorization": "Bearer hidden-away"}}
    host, port = web.server_address[:2]
    monkeypatch.setenv("WEFT_CONN_API", json.dumps({"type": "http", "host": host, "port": port, "extra": extra}))
    with web_server() as other:
        web.redirects["/a"] = f"{web.url}/b"
        web.redirects["/b"] = f"{other.url}/c"
        other.answers["/c"] = [(200, {"here": 1})]
        assert http(connection="api", endpoint="a", headers={"X-Own": "hidden-away"}) == {"here": 1}
    for asked in web.asked:
        assert {"x-token", "authorization", "x-own"} <= {each.lower() for each in asked["headers"]}
    assert not any("hidden-away" in str(asked["headers"]) for asked in other.asked)


def test_a_server_that_can_not_be_reached_is_named() -> None:
    port = free_port()
    with pytest.raises(
        requests.HttpUnreachableError, match=rf"http://127\.0\.0\.1:{port}/x can't be reached: .*refused"
    ):
        http(f"http://me:hidden-away@127.0.0.1:{port}/x?token=hidden-away")


@pytest.mark.parametrize("url", ["localhost:80/x", "ftp://host/x", "/x", "http://", "http://[::1/x"])
def test_what_is_no_url_of_http_is_told_at_once_and_not_waited_for(url: str) -> None:
    for ask in (http, wait_for_http):
        with pytest.raises(errors.UsageError, match="URL"):
            ask(url)


# --- sql --------------------------------------------------------------------------------------------------------------


def test_a_failure_takes_back_tables_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    with pytest.raises(Exception, match="no such table"):
        sql("CREATE TABLE made (a int); SELECT * FROM no_such_table", url=url)
    assert sql("SELECT name FROM sqlite_master", url=url, result="rows") == []
    sql("CREATE TABLE made (a int); INSERT INTO made VALUES (1)", url=url, result="none", autocommit=True)
    sql("VACUUM", url=url, result="none", autocommit=True)
    assert sql("SELECT * FROM made", url=url, result="scalar") == 1


@pytest.mark.parametrize("url", ["sqlite://", "duckdb://", "postgres"])
def test_a_colon_in_a_string_names_no_parameter(url: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres") if url == "postgres" else url
    statement = """SELECT '{"a":1}' AS j, ' :x 12:30' AS t, :given AS g -- of :nothing"""
    found = sql(statement, url=url, parameters={"given": "%s"}, result="row")
    assert found == {"j": '{"a":1}', "t": " :x 12:30", "g": "%s"}


def test_types_of_postgres_become_types_of_arrow(postgres: str) -> None:
    query = """
        SELECT 1::smallint AS small, 2.5::numeric(10, 2) AS exact, 'NaN'::numeric AS nan, now() AS moment,
          DATE '2024-01-02' AS day, '{"a": [1]}'::jsonb AS document, gen_random_uuid() AS id, ARRAY[1, 2] AS list,
          '\\x00ff'::bytea AS bytes, true AS flag, NULL::float8 AS nothing, int4range(1, 3) AS range
    """
    table = sql(query, url=postgres)
    said = {field.name: str(field.type) for field in table.schema}
    assert said == {
        "small": "int16", "exact": "decimal128(10, 2)", "nan": "double", "moment": "timestamp[us, tz=UTC]",
        "day": "date32[day]", "document": "string", "id": "string", "list": "list<item: int32>", "bytes": "binary",
        "flag": "bool", "nothing": "double", "range": "string",
    }  # fmt: skip
    row = table.to_pylist()[0]
    assert (row["exact"], row["document"]) == (decimal.Decimal("2.50"), '{"a": [1]}')
    empty = sql(query + " WHERE false", url=postgres)
    assert {name: kind for name, kind in said.items() if name != "nan"}.items() <= {
        field.name: str(field.type) for field in empty.schema
    }.items()


def test_a_column_of_mixed_types_is_text() -> None:
    table = sql("SELECT 1 AS a UNION ALL SELECT 'x' UNION ALL SELECT NULL", url="sqlite://")
    assert sorted(table["a"].to_pylist(), key=str) == ["1", None, "x"]


def test_values_of_parameters_are_not_in_errors(postgres: str) -> None:
    with pytest.raises(Exception, match="no_such_table") as caught:
        sql("SELECT * FROM no_such_table WHERE a = :a", url=postgres, parameters={"a": "hidden-away"})
    assert "hidden-away" not in str(caught.value)


def test_a_parameter_has_the_type_of_its_value(postgres: str) -> None:
    for value in (1, 1.5, "x", None, True, b"ab", [1, 2], decimal.Decimal("1.5"), datetime.date(2024, 1, 2)):
        assert sql("SELECT :value AS value", url=postgres, parameters={"value": value}, result="scalar") == value


def test_colons_are_marked_where_they_are_no_parameters() -> None:
    assert splitting.literal("SELECT ':a', :b, x::text -- :c") == r"SELECT '\:a', :b, x::text -- \:c"


def test_columns_of_a_join_are_traced_where_the_tables_are_known() -> None:
    statement = (
        "CREATE TABLE m AS SELECT name, quantity AS q, t.symbol FROM trades t JOIN symbols s ON t.symbol = s.symbol"
    )
    known = {"trades": ["symbol", "quantity"], "symbols": ["symbol", "name"]}
    assert lineage.of([statement], "sqlite", lambda table: known.get(table, []))[0].columns == {
        "name": ["symbols.name"], "q": ["trades.quantity"], "symbol": ["trades.symbol"],
    }  # fmt: skip
    assert lineage.of([statement], "sqlite")[0].columns == {"symbol": ["trades.symbol"]}


# --- email ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [{"to": ["a@b\nBcc: evil@b"]}, {"to": "a@b", "sender": "x@y\nBcc: evil@b"}, {"to": "a@b", "reply_to": "x\n@y"}],
)
def test_a_line_can_not_be_added_to_the_head_of_a_message(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEFT_CONN_SMTP", "smtp://127.0.0.1?sender=weft@example.org")
    with pytest.raises(errors.UsageError, match=r"is no address|several lines"):
        email(subject="x", text="x", **given)


def test_a_mail_server_that_can_not_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("WEFT_CONN_SMTP", f"smtp://127.0.0.1:{port}?sender=weft@example.org")
    with pytest.raises(ConnectionError, match=rf"127\.0\.0\.1:{port} can't be reached"):
        email("a@b", "x", text="x")


def test_an_address_may_have_a_name_with_a_comma(mails: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_CONN_SMTP", mails.uri)
    email(to='"Doe, Jane" <jane@example.org>, Jürg <j@example.org>', subject="x", text="x")
    assert mails.recipients == [["jane@example.org", "j@example.org"]]


# --- missing libraries ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gone", "call", "extra"),
    [
        ("httpx", lambda: http("http://127.0.0.1:1"), "http"),
        ("httpx", lambda: wait_for_http("http://127.0.0.1:1"), "http"),
        ("sqlalchemy", lambda: sql("SELECT 1", url="sqlite://"), "sql"),
        ("sqlalchemy", lambda: wait_for_sql("SELECT 1", url="sqlite://"), "sql"),
        ("sqlalchemy", lambda: sql("SELECT :a", url="duckdb://", parameters={"a": 1}), "sql"),
        ("psycopg", lambda: sql("SELECT 1", url="postgres://127.0.0.1:1/x"), "postgres"),
        ("duckdb", lambda: sql("SELECT 1", url="duckdb://"), "duckdb"),
        ("pyarrow", lambda: sql("SELECT 1", url="sqlite://"), "sql"),
        ("fsspec", lambda: transfer("a", "b"), "remote"),
    ],
)
def test_a_library_that_is_missing_is_told_with_what_to_install(
    gone: str, call: Callable[[], object], extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, gone, None)
    with pytest.raises(errors.MissingExtraError, match=rf"weft\[{extra}\]"):
        call()


def test_a_library_of_a_kind_of_files_that_is_missing_is_told() -> None:
    code = (
        "import sys; sys.modules['s3fs'] = sys.modules['paramiko'] = None\n"
        "from weft.operators import transfer, wait_for_file\n"
        "for call in (lambda: transfer('s3://a/b', 'c'), lambda: wait_for_file('sftp://a/b')):\n"
        "    try: call()\n"
        "    except Exception as error: print(type(error).__name__, error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.partition(" ")[0] for line in said] == ["MissingExtraError"] * 2
    assert "weft[s3]" in said[0]
    assert "weft[sftp]" in said[1]
