"""http, sql, transfer, email and spark_submit against real services."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.services import MailServer, ObjectStore, WebServer, needs_java

from weft.define import signals
from weft.model import errors
from weft.operators import email, http, lineage, processes, requests, spark_submit, splitting, sql, transfer, transfers

# --- http -------------------------------------------------------------------------------------------------------------


def test_an_answer_comes_as_what_the_server_says_it_is(web: WebServer) -> None:
    web.answers["/json"] = [(200, {"a": [1]})]
    web.answers["/text"] = [(200, "plain")]
    assert http(f"{web.url}/json") == {"a": [1]}
    assert http(f"{web.url}/text") == "plain"
    assert http(f"{web.url}/json", result="bytes") == b'{"a": [1]}'
    whole = http(f"{web.url}/json", result="response")
    assert (whole.status, whole.json()) == (200, {"a": [1]})


def test_a_connection_brings_its_base_login_and_headers(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    host, port = web.server_address[:2]
    extra = {"headers": {"X-Team": "trading"}, "token": "bearer-secret"}
    monkeypatch.setenv(
        "WEFT_CONN_API", json.dumps({"type": "http", "host": host, "port": port, "database": "v1", "extra": extra})
    )
    web.answers["/v1/trades"] = [(201, {"id": 7})]
    given = http(connection="api", endpoint="trades", method="POST", json={"q": 1}, params={"dry": "yes"})
    assert given == {"id": 7}
    asked = web.asked[-1]
    assert (asked["method"], asked["path"], asked["body"]) == ("POST", "/v1/trades?dry=yes", b'{"q":1}')
    headers = {name.lower(): value for name, value in asked["headers"].items()}
    assert (headers["x-team"], headers["authorization"]) == ("trading", "Bearer bearer-secret")


def test_pages_are_asked_for_until_there_are_no_more(web: WebServer) -> None:
    web.answers["/pages"] = [(200, {"rows": [1], "next": 2}), (200, {"rows": [2], "next": 3}), (200, {"rows": []})]

    def following(answer: requests.Answer) -> dict[str, Any] | None:
        page = answer.json().get("next")
        return {"params": {"page": page}} if page else None

    found = http(f"{web.url}/pages", params={"size": 1}, paginate=following)
    assert [each["rows"] for each in found] == [[1], [2], []]
    assert [each["path"] for each in web.asked] == ["/pages?size=1", "/pages?size=1&page=2", "/pages?size=1&page=3"]


def test_more_pages_than_the_limit_are_an_error(web: WebServer) -> None:
    web.answers["/pages"] = [(200, {})]
    with pytest.raises(requests.HttpError, match="has more than 3 pages"):
        http(f"{web.url}/pages", paginate=lambda answer: f"{web.url}/pages", most_pages=3)


def test_a_status_is_a_failure_and_4xx_is_not_worth_a_retry(web: WebServer) -> None:
    web.answers["/busy"] = [(503, "later")]
    web.answers["/gone"] = [(404, "no")]
    with pytest.raises(requests.HttpError, match="answered 503: 'later'") as busy:
        http(f"{web.url}/busy?key=hidden-away")
    assert not isinstance(busy.value, signals.Fail)
    assert "hidden-away" not in str(busy.value)
    with pytest.raises(signals.Fail, match="answered 404: 'no'"):
        http(f"{web.url}/gone")
    assert http(f"{web.url}/gone", expected=[200, 404]) == "no"


def test_an_answer_that_the_check_refuses_is_a_failure(web: WebServer) -> None:
    web.answers["/x"] = [(200, {"ok": False})]

    def is_ok(answer: requests.Answer) -> bool:
        return bool(answer.json()["ok"])

    with pytest.raises(requests.HttpError, match=r"which is_ok\(\) refused"):
        http(f"{web.url}/x", check=is_ok)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "nothing to ask"),
        ({"url": "http://x", "connection": "y"}, "both the URL 'http://x' and the connection 'y'"),
        ({"url": "http://x", "method": "FETCH"}, "method is 'FETCH'"),
        ({"url": "http://x", "result": "xml"}, "result is 'xml'"),
    ],
)
def test_wrong_arguments_of_a_request_are_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.UsageError, match=message):
        http(**given)


# --- sql --------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "duckdb", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A connection to an empty database of each kind."""
    if request.param == "postgres":
        uri = request.getfixturevalue("postgres")
        sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public", url=uri, result="none")
    else:
        uri = f"{request.param}:///{tmp_path}/data.db"
    monkeypatch.setenv("WEFT_CONN_DATABASE", uri)
    return str(request.param)


SETUP = """
    CREATE TABLE trades (symbol text, quantity int, price float);  -- a comment; with a sign
    INSERT INTO trades VALUES ('BTC', 1, 50000.5), ('ETH; spot', 2, 3000), (:symbol, 3, :price)
"""


def test_statements_run_in_one_transaction_and_the_last_one_gives_the_result(database: str) -> None:
    given = {"symbol": "SOL", "price": 1.5, "least": 1}
    table = sql(SETUP + "; SELECT * FROM trades WHERE quantity > :least ORDER BY quantity", connection="database",
                parameters=given)  # fmt: skip
    assert table.to_pylist() == [
        {"symbol": "ETH; spot", "quantity": 2, "price": 3000.0}, {"symbol": "SOL", "quantity": 3, "price": 1.5},
    ]  # fmt: skip
    count = "SELECT count(*) AS n FROM trades"
    assert sql(count, connection="database", result="scalar") == 3
    assert sql(count, connection="database", result="rows") == [{"n": 3}]
    assert sql("SELECT symbol FROM trades WHERE 1 = 0", connection="database", result="row") is None
    assert sql("SELECT symbol FROM trades WHERE 1 = 0", connection="database").num_rows == 0


def test_a_statement_that_fails_leaves_nothing_behind(database: str) -> None:
    sql("CREATE TABLE t (a int)", connection="database", result="none")
    with pytest.raises(Exception, match="no_such_table"):
        sql("INSERT INTO t VALUES (1); SELECT * FROM no_such_table", connection="database")
    assert sql("SELECT count(*) FROM t", connection="database", result="scalar") == 0
    with pytest.raises(Exception, match="no_such_table"):
        sql("INSERT INTO t VALUES (1); SELECT * FROM no_such_table", connection="database", autocommit=True)
    assert sql("SELECT count(*) FROM t", connection="database", result="scalar") == 1


def test_a_parameter_is_never_part_of_the_text(database: str) -> None:
    evil = "x'; DROP TABLE t; --"
    sql(
        "CREATE TABLE t (a text); INSERT INTO t VALUES (:a)",
        connection="database",
        parameters={"a": evil},
        result="none",
    )
    assert sql("SELECT a FROM t WHERE a LIKE '%DROP%'", connection="database", result="scalar") == evil


def test_statements_come_from_a_file(database: str, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("SELECT 1 AS one;\n-- done\n")
    assert sql(file=str(tmp_path / "q.sql"), connection="database", result="scalar") == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"statement": "SELECT 1"}, "Which database is meant is not given"),
        ({"url": "sqlite://"}, "the statement is missing"),
        ({"statement": "SELECT 1", "file": "x.sql", "url": "sqlite://"}, "the statement is given twice"),
        ({"statement": " ; -- nothing", "url": "sqlite://"}, "no statement in it"),
        ({"file": "/no/such.sql", "url": "sqlite://"}, "can't be read"),
        ({"statement": "SELECT :a", "parameters": {"b": 1}, "url": "sqlite://"}, "names the parameter :a"),
        ({"statement": "SELECT 1", "url": "sqlite://", "result": "pandas"}, "result is 'pandas'"),
        ({"statement": "SELECT 1", "url": "nosuchdb://x"}, "SQLAlchemy knows no such database"),
        ({"statement": "SELECT 1 AS a, 2 AS a", "url": "sqlite://"}, "two columns are called 'a'"),
    ],
)
def test_wrong_arguments_of_sql_are_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.UsageError, match=message):
        sql(**given)


def test_text_is_divided_where_a_statement_ends() -> None:
    assert splitting.statements("a ';' b; c -- d; e\n f; /* ; */ ; $x$ ; $x$ g;") == [
        "a ';' b", "c -- d; e\n f", "$x$ ; $x$ g",
    ]  # fmt: skip


def test_columns_are_traced_to_the_tables_that_they_come_from() -> None:
    statement = """
        CREATE TABLE metrics AS
        WITH big AS (SELECT symbol, quantity * price AS volume FROM trades WHERE quantity > 1)
        SELECT s.name, sum(big.volume) AS volume, 1 AS one FROM big JOIN symbols s ON s.symbol = big.symbol GROUP BY 1
    """
    assert lineage.of(["SET x = 1", statement], "postgres") == [
        lineage.TableLineage(
            "metrics", {"name": ["symbols.name"], "volume": ["trades.price", "trades.quantity"], "one": []}
        )
    ]
    assert lineage.of(["INSERT INTO t (x) SELECT a FROM u"], "sqlite")[0].columns == {"x": ["u.a"]}
    alone = (
        "CREATE TABLE m AS SELECT symbol, sum(q) AS v FROM (SELECT symbol, quantity AS q FROM trades) GROUP BY symbol"
    )
    assert lineage.of([alone], "sqlite")[0].columns == {"symbol": ["trades.symbol"], "v": ["trades.quantity"]}
    unclear = "SELECT a, t.b FROM t JOIN u ON t.x = u.x"  # `a` may be of either
    assert lineage.of([unclear], "postgres")[0].columns == {"b": ["t.b"]}
    assert lineage.of(["this is no SQL"], "duckdb") == []


# --- transfer ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def lake(s3: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty bucket, under the connection `lake`."""
    monkeypatch.setenv("WEFT_CONN_LAKE", s3.uri)
    files = s3.files()
    if files.exists("trading"):
        files.rm("trading", recursive=True)
    files.invalidate_cache()
    files.mkdir("trading")
    return files


def test_a_folder_goes_from_one_place_of_an_object_store_to_another(lake: Any) -> None:
    for name in ("a.csv", "deep/b.csv"):
        lake.pipe_file(f"trading/raw/{name}", name.encode())
    said = transfer(source="s3://trading/raw/", destination="s3://trading/staging/", connection="lake", check="hash")
    assert said["files"] == ["s3://trading/staging/a.csv", "s3://trading/staging/deep/b.csv"]
    assert said["bytes"] == 15
    lake.invalidate_cache()
    assert lake.cat_file("trading/staging/deep/b.csv") == b"deep/b.csv"


def test_files_go_to_an_object_store_and_back(lake: Any, tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"x" * 20_000_000)
    transfer(str(tmp_path / "x.bin"), "s3://trading/up/", connection="lake")
    transfer("s3://trading/up/x.bin", str(tmp_path / "down" / "y.bin"), connection="lake", check="hash")
    assert (tmp_path / "down" / "y.bin").read_bytes() == b"x" * 20_000_000
    assert [each.name for each in (tmp_path / "down").iterdir()] == ["y.bin"]


def test_a_pattern_keeps_what_is_below_its_fixed_part(tmp_path: Path) -> None:
    for name in ("in/a/1.csv", "in/b/2.csv", "in/b/3.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    said = transfer(f"{tmp_path}/in/*/*.csv", f"{tmp_path}/out/")
    assert sorted(said["files"]) == [f"{tmp_path}/out/a/1.csv", f"{tmp_path}/out/b/2.csv"]


def test_what_is_there_is_overwritten_kept_refused_or_compared(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("new")
    target.write_text("old")
    assert transfer(str(source), str(target), existing="skip")["skipped"] == 1
    assert transfer(str(source), str(target), existing="changed")["skipped"] == 1
    with pytest.raises(FileExistsError, match="is there already"):
        transfer(str(source), str(target), existing="fail")
    assert target.read_text() == "old"
    transfer(str(source), str(target))
    assert target.read_text() == "new"
    source.write_text("newer")
    assert transfer(str(source), str(target), existing="changed")["skipped"] == 0
    assert target.read_text() == "newer"


def test_moving_removes_the_source_once_all_is_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    transfer(str(tmp_path / "a"), str(tmp_path / "b"), move=True)
    assert (tmp_path / "b").read_text() == "x"
    assert not (tmp_path / "a").exists()


def test_a_copy_that_fails_leaves_the_destination_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("new")
    (tmp_path / "b").write_text("old")
    monkeypatch.setattr(transfers, "_size", lambda side, path: 1)  # a disk that lies about what it took
    with pytest.raises(transfers.TransferError, match="has 3 bytes, but 1 were written"):
        transfer(str(tmp_path / "a"), str(tmp_path / "b"))
    assert (tmp_path / "b").read_text() == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a", "b"]


def test_nothing_at_the_source_is_what_is_said_of_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="There is nothing at"):
        transfer(f"{tmp_path}/none/", f"{tmp_path}/out/")
    with pytest.raises(signals.Skip, match="there is nothing at"):
        transfer(f"{tmp_path}/none/*", f"{tmp_path}/out/", empty="skip")
    assert transfer(f"{tmp_path}/none", f"{tmp_path}/out/", empty="ok")["files"] == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"source": "", "destination": "/x"}, "the source is ''"),
        ({"source": "/x", "destination": "/y", "existing": "replace"}, "existing is 'replace'"),
        ({"source": "nosuch://x", "destination": "/y"}, "fsspec knows no files of nosuch://"),
        (
            {"source": "/x", "destination": "/y", "source_connection": "lake"},
            "of the kind 's3', but the source is '/x'",
        ),
    ],
)
def test_wrong_arguments_of_a_transfer_are_told(
    given: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEFT_CONN_LAKE", "s3://")
    with pytest.raises(errors.UsageError, match=message):
        transfer(**given)


# --- email ------------------------------------------------------------------------------------------------------------


def test_a_message_is_sent_with_its_attachments(
    mails: MailServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WEFT_CONN_SMTP", mails.uri)
    (tmp_path / "report.csv").write_text("a,b\n")
    sent = email(
        to="a@example.org, b@example.org", cc=["c@example.org"], bcc="d@example.org", subject="Done: grüße",
        text="plain", html="<b>rich</b>", attachments=[str(tmp_path / "report.csv")],
    )  # fmt: skip
    (message,) = mails.messages
    assert message["Message-ID"] == sent
    assert message["Bcc"] is None
    assert mails.recipients == [["a@example.org", "b@example.org", "c@example.org", "d@example.org"]]
    parts = {
        part.get_content_type(): part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()
    }
    assert parts["text/plain"].strip() == b"plain"
    assert parts["text/html"].strip() == b"<b>rich</b>"
    assert parts["text/csv"] == b"a,b\n"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"to": "", "subject": "x", "text": "x"}, "no one to send it to"),
        ({"to": "nobody", "subject": "x", "text": "x"}, "'nobody' is no address"),
        ({"to": "a@b", "subject": "x"}, "there is no message"),
        ({"to": "a@b", "subject": "x\nBcc: evil@b", "text": "x"}, "has several lines"),
        (
            {"to": "a@b", "subject": "x", "text": "x", "attachments": ["/no/such"]},
            "attachment '/no/such' can't be read",
        ),
        ({"to": "a@b", "subject": "x", "text": "x", "sender": "me"}, "sender is 'me', which is no address"),
    ],
)
def test_wrong_messages_are_told(given: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_CONN_SMTP", "smtp://127.0.0.1?sender=weft@example.org")
    with pytest.raises(errors.UsageError, match=message):
        email(**given)


# --- spark ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_application_runs_on_spark_from_an_object_store(lake: Any) -> None:
    needs_java()
    lake.pipe_file(
        "trading/code/app.py",
        b"import sys\nfrom pyspark.sql import SparkSession\n"
        b"spark = SparkSession.builder.getOrCreate()\n"
        b"print(spark.range(int(sys.argv[1])).count(), spark.conf.get('spark.app.colour'))\n",
    )
    found = spark_submit(
        "s3://trading/code/app.py", connection="lake", master="local[1]", args=[7],
        conf={"spark.ui.enabled": "false", "spark.app.colour": "blue", "spark.executor.memory": "512m"},
    )  # fmt: skip
    assert found == "7 blue"


@pytest.mark.slow
def test_an_application_that_fails_is_told_with_its_last_lines(tmp_path: Path) -> None:
    needs_java()
    (tmp_path / "app.py").write_text("raise SystemExit('no trades today')")
    with pytest.raises(processes.ProcessError, match="no trades today"):
        spark_submit(str(tmp_path / "app.py"), master="local[1]")


def test_the_wait_until_yesterday_is_over_at_once() -> None:
    from weft.operators import wait_until

    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    assert wait_until(yesterday) == yesterday.isoformat()
