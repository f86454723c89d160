"""Connections: URIs in and out, where they come from, what is never shown, what is wrong with a wrong one."""

from __future__ import annotations

import json
import os
import stat
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft import connections
from weft.connections import adapting, kinds, learning, places, registry, vault
from weft.connections.connection import Connection
from weft.model import errors

SECRET = "s3cr/t:p@ss"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> places.Place:
    for name in os.environ:
        if name.startswith(("WEFT_CONN_", "WEFT_SECRET_KEY", "WEFT_HOME")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return places.Place(tmp_path / "weft.toml" if (tmp_path / "weft.toml").exists() else None, tmp_path / ".weft")


def configured(place: places.Place, text: str) -> places.Place:
    path = place.home.parent / "weft.toml"
    path.write_text(text)
    return places.Place(path, place.home)


# --- what they are ----------------------------------------------------------------------------------------------------


def test_a_uri_says_all_of_a_connection() -> None:
    found = Connection.parse("db", "postgresql://me%40x:s3cr%2Ft%3Ap%40ss@host:5433/trading?sslmode=require")
    assert (found.type, found.host, found.port, found.login) == ("postgres", "host", 5433, "me@x")
    assert (found.password, found.database, found.schema, found.extra) == (
        SECRET, "trading", "trading", {"sslmode": "require"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("uri", "database"),
    [("sqlite:///data/x.db", "data/x.db"), ("duckdb:////abs/x.db", "/abs/x.db"), ("sqlite://", "")],
)
def test_the_path_of_a_database_file_is_relative_or_absolute(uri: str, database: str) -> None:
    assert Connection.parse("db", uri).database == database


_text = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)


@given(
    kind=st.sampled_from(["postgres", "mysql", "http", "https", "sftp", "smtp", "smtps", "generic", "ssh"]),
    port=st.none() | st.integers(1, 65535),
    login=_text, password=_text, database=st.sampled_from(["", "a", "a/b.c"]),
)  # fmt: skip
def test_a_connection_comes_back_from_its_uri(
    kind: str, port: int | None, login: str, password: str, database: str
) -> None:
    made = Connection(
        name="x", type=kind, host="h.example", port=port, login=login, password=password, database=database
    )
    assert Connection.parse("x", made.uri) == made
    assert Connection.build("x", made.as_mapping()) == made


def test_extra_that_is_not_text_comes_back_from_a_uri() -> None:
    made = Connection(name="x", type="generic", extra={"a": {"b": [1, True]}})
    assert Connection.parse("x", made.uri) == made


def test_secrets_never_show() -> None:
    extra = {"api_key": SECRET, "token": SECRET, "nested": {"client_secret": SECRET}, "plain": "seen", "key_file": "/k"}
    made = Connection(name="x", type="http", host="h", password=SECRET, extra=extra)
    wrapped = Connection(name="y", type="sql", extra={"url": f"mssql://me:{SECRET}@h/db"})
    for shown in (repr(made), str(made), json.dumps(made.masked()), f"{made}", f"{[made]}"):
        assert "s3cr" not in shown
        assert "p%40ss" not in shown
    assert "***" in str(made)
    assert made.masked()["extra"]["plain"] == "seen"
    assert made.masked()["extra"]["key_file"] == "/k"
    assert made.secrets() == {SECRET}
    assert wrapped.secrets()
    assert "s3cr" not in str(wrapped)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"type": "postgrse", "host": "h"}, "of the kind 'postgrse', which there is not.*Did you mean.*postgres"),
        ({"type": "postgres"}, "has no host"),
        ({"type": "http", "host": "http://h"}, "host has a scheme"),
        ({"type": "http", "host": "h", "port": 99999}, "port is 99999"),
        ({"type": "http", "host": "h", "port": "eighty"}, "port is 'eighty'"),
        ({"type": "http", "host": "h", "password": 3}, "password is of the type int"),
        ({"type": "s3", "extra": {"endpont_url": "x"}}, "has no extra 'endpont_url'.*endpoint_url"),
        ({"type": "http", "host": "h", "pasword": "x"}, "has no field 'pasword'.*password"),
        ({"host": "h"}, "has no type"),
        ({"type": "generic", "extra": "[1]"}, "extra of the connection 'x' is no JSON object"),
        ({"uri": "no uri"}, "is no URI"),
    ],
)
def test_a_wrong_connection_is_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.UsageError, match=message):
        Connection.build("x", given)


def test_an_error_about_a_uri_does_not_repeat_it() -> None:
    with pytest.raises(errors.UsageError, match="Quote special characters") as caught:
        Connection.parse("x", f"postgres://me:{SECRET}@h:port/x")
    assert "s3cr" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "1x", "a b", "a/b"])
def test_a_wrong_name_is_told(name: str) -> None:
    with pytest.raises(errors.UsageError, match="no name for a connection"):
        Connection(name=name, type="generic")


# --- where they come from ---------------------------------------------------------------------------------------------


def test_the_environment_goes_before_the_file_and_the_file_before_the_store(
    place: places.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.save(Connection(name="db", type="http", host="stored"), place=place)
    registry.save(Connection(name="other", type="http", host="stored"), place=place)
    assert registry.get("db", place=place).source == "the store connections.json"
    place = configured(place, '[connections.db]\nuri = "http://filed"\n')
    assert (registry.get("db", place=place).host, registry.get("other", place=place).host) == ("filed", "stored")
    monkeypatch.setenv("WEFT_CONN_DB", "http://set")
    monkeypatch.setenv("WEFT_CONN_MORE", '{"type": "http", "host": "json", "port": 81}')
    found = registry.all(place=place)
    assert {name: each.host for name, each in found.items()} == {"db": "set", "other": "stored", "more": "json"}
    assert found["db"].source == "the variable WEFT_CONN_DB"


def test_the_project_is_found_upwards(place: places.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(place, '[connections.db]\ntype = "http"\nhost = "filed"\n')
    monkeypatch.setattr(places, "_settled", [])  # a project that an earlier test loaded in this process
    deep = place.home.parent / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert connections.get("db").host == "filed"


def test_a_table_takes_values_from_variables(place: places.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place = configured(
        place, '[connections.db]\nuri = "postgres://me:${DB_PASSWORD}@h/x"\n[connections.lake]\ntype = "s3"\n'
        'password = "${DB_PASSWORD}"\n',
    )  # fmt: skip
    with pytest.raises(errors.UsageError, match="environment variable DB_PASSWORD, which is not set"):
        registry.get("db", place=place)
    monkeypatch.setenv("DB_PASSWORD", "from-outside")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert registry.get("db", place=place).password == "from-outside"
        assert registry.get("lake", place=place).password == "from-outside"


def test_a_plain_password_in_a_file_is_warned_of(place: places.Place) -> None:
    place = configured(place, '[connections.db]\nuri = "postgres://me:plain-text@h/x"\n')
    with pytest.warns(registry.PlainPasswordWarning, match=r"\[connections.db\] in weft.toml has a password") as told:
        assert registry.get("db", place=place).password == "plain-text"
    assert "plain-text" not in str(told[0].message)


def test_an_unknown_connection_is_told_with_those_that_there_are(place: places.Place) -> None:
    registry.save(Connection(name="warehouse", type="http", host="h"), place=place)
    with pytest.raises(errors.UsageError, match=r"There is no connection 'warehose'.*warehouse"):
        registry.get("warehose", place=place)


def test_what_a_body_is_given_is_masked_from_then_on(place: places.Place) -> None:
    registry.save(Connection(name="db", type="http", host="h", password=SECRET), place=place)
    learnt: list[str] = []
    token = learning.learner.set(learnt.extend)
    try:
        registry.get("db", place=place)
    finally:
        learning.learner.reset(token)
    assert learnt == [SECRET]


# --- the encrypted store ----------------------------------------------------------------------------------------------


def test_the_store_has_no_plain_text_and_only_its_owner_reads_it(place: places.Place) -> None:
    made = Connection(name="db", type="postgres", host="secret-host", login="secret-login", password=SECRET)
    registry.save(made, place=place)
    assert registry.get("db", place=place) == made
    for path in (place.store, place.key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"secret" not in place.store.read_bytes()
    assert (place.home / ".gitignore").read_text() == "*\n"


def test_removing_takes_it_out_of_the_store_alone(place: places.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.save(Connection(name="db", type="http", host="h"), place=place)
    registry.remove("db", place=place)
    assert vault.names(place) == []
    with pytest.raises(errors.UsageError, match="no connection 'db' in the store"):
        registry.remove("db", place=place)
    monkeypatch.setenv("WEFT_CONN_DB", "http://set")
    with pytest.raises(errors.UsageError, match="comes from the variable WEFT_CONN_DB"):
        registry.remove("db", place=place)


def test_another_key_a_missing_one_and_a_damaged_store_are_told(
    place: places.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cryptography import fernet

    registry.save(Connection(name="db", type="http", host="h"), place=place)
    monkeypatch.setenv(vault.KEY_VARIABLE, fernet.Fernet.generate_key().decode())
    with pytest.raises(errors.UsageError, match="sealed with another key"):
        registry.get("db", place=place)
    monkeypatch.setenv(vault.KEY_VARIABLE, "short")
    with pytest.raises(errors.UsageError, match="from the variable WEFT_SECRET_KEY, is no key") as caught:
        registry.get("db", place=place)
    assert "'short'" not in str(caught.value)
    monkeypatch.delenv(vault.KEY_VARIABLE)
    place.key.unlink()
    with pytest.raises(errors.UsageError, match="key of the store of connections is missing"):
        registry.get("db", place=place)
    with pytest.raises(errors.UsageError, match="key of the store of connections is missing"):
        registry.save(Connection(name="new", type="http", host="h"), place=place)
    place.store.write_text("{")
    with pytest.raises(errors.UsageError, match=r"store of connections .* can't be read"):
        registry.names(place=place)


# --- what libraries get -----------------------------------------------------------------------------------------------


def test_libraries_get_what_they_take() -> None:
    postgres = Connection.parse("db", "postgres://me:p%40ss@h/x?sslmode=require")
    assert adapting.sqlalchemy_url(postgres).render_as_string(hide_password=False) == (
        "postgresql+psycopg://me:p%40ss@h/x?sslmode=require"
    )
    lake = Connection.parse("lake", "s3://key:secret@minio:9000?region_name=eu&ssl=false")
    assert adapting.storage_options(lake) == (
        "s3",
        {"key": "key", "secret": "secret", "endpoint_url": "http://minio:9000", "client_kwargs": {"region_name": "eu"}},
    )
    azure = Connection(name="a", type="azure", login="account", password="secret", extra={"tenant_id": "t"})
    assert adapting.storage_options(azure) == (
        "abfs", {"account_name": "account", "account_key": "secret", "tenant_id": "t"},
    )  # fmt: skip
    assert adapting.storage_options(Connection(name="g", type="gcs", extra={"project": "p", "key_path": "/k"})) == (
        "gs", {"project": "p", "token": "/k"},
    )  # fmt: skip
    assert adapting.http_base(Connection.parse("api", "https://h:8443/v1/")) == "https://h:8443/v1"


@pytest.mark.parametrize("name", list(kinds.KINDS))
def test_a_connection_of_another_kind_is_told(name: str) -> None:
    extra = {"url": "sqlite://"} if name == "sql" else {}
    found = Connection(name="x", type=name, host="h", extra=extra)
    family = found.kind.family
    if family != "files":
        with pytest.raises(errors.UsageError, match="which has no files"):
            adapting.storage_options(found)
    if family != "http":
        with pytest.raises(errors.UsageError, match="not reached by HTTP"):
            adapting.http_client(found)
    if family != "mail":
        with pytest.raises(errors.UsageError, match="takes no mail"):
            adapting.smtp_client(found)
    if family != "sql":
        with pytest.raises(errors.UsageError, match="is no database"):
            adapting.sqlalchemy_url(found)
