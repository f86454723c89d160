"""Resources and typed config: where values come from, what is said of wrong ones, and that secrets are never shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydantic
import pytest

from weft import EnvVar, Resource
from weft.define import sources
from weft.define.config import resolve_config
from weft.define.resources import resolve, resolve_all, secret_values
from weft.define.sources import ConfigurationError, File
from weft.model import errors


class Pool(pydantic.BaseModel):
    size: int = 4
    key: pydantic.SecretStr | None = None


class Database(Resource):
    url: str
    password: pydantic.SecretStr = pydantic.SecretStr("")
    port: int = 5432
    hosts: list[str] = pydantic.Field(default_factory=list)
    pool: Pool = Pool()


class Limits(pydantic.BaseModel):
    rows: int = 10
    name: str = "all"
    token: pydantic.SecretStr = pydantic.SecretStr("")


def files_of(table: dict[str, Any]) -> list[File]:
    return [File("weft.toml", table)]


def test_a_resource_with_plain_values_is_ready_at_once_and_stays_itself() -> None:
    database = Database(url="sqlite://")
    assert database.port == 5432
    assert resolve(database, name="db") is database


def test_any_plain_object_may_be_a_resource() -> None:
    plain = object()
    assert resolve(plain, name="db") is plain


def test_arguments_go_before_environment_before_files_before_defaults() -> None:
    files = [
        File("first.toml", {"resources": {"db": {"url": "file", "hosts": ["file"]}}}),
        File("second.toml", {"resources": {"db": {"hosts": ["other"], "pool": {"size": 9}}}}),
    ]
    environ = {"WEFT_RESOURCES__DB__URL": "environment", "WEFT_RESOURCES__DB__PORT": "1"}
    found = resolve(Database(url="argument"), name="db", files=files, environ=environ)
    assert isinstance(found, Database)
    assert (found.url, found.port, found.hosts, found.pool.size) == ("argument", 1, ["file"], 9)
    assert found.password.get_secret_value() == ""


def test_a_class_takes_all_its_values_from_elsewhere() -> None:
    found = resolve(Database, name="db", files=files_of({"resources": {"db": {"url": "x"}}}))
    assert isinstance(found, Database)
    assert found.url == "x"


def test_a_variable_is_read_where_the_body_runs_and_never_shown() -> None:
    recipe = Database(url=EnvVar("DB_URL"), pool={"size": EnvVar("SIZE"), "key": EnvVar("KEY")})
    assert "EnvVar('DB_URL')" in repr(recipe)
    found = resolve(
        recipe, name="db", environ={"DB_URL": "postgres://me:hunter2@host", "SIZE": "7", "KEY": "opensesame"}
    )
    assert isinstance(found, Database)
    assert (found.url, found.pool.size) == ("postgres://me:hunter2@host", 7)
    for shown in (repr(found), str(found), f"{found}"):
        assert "hunter2" not in shown
        assert "opensesame" not in shown
    assert secret_values([found]) == {"postgres://me:hunter2@host", "opensesame", "7"}


def test_a_missing_variable_names_itself_the_resource_and_the_field() -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve(Database(url=EnvVar("DB_URL"), port=EnvVar("PORT")), name="db", environ={})
    messages = [str(each) for each in caught.value.diagnostics]
    assert len(messages) == 2
    assert all("'db'" in each for each in messages)
    assert "'url'" in messages[0]
    assert "DB_URL" in messages[0]
    assert "PORT" in messages[1]


def test_a_variable_may_have_a_default() -> None:
    found = resolve(Database(url=EnvVar("DB_URL", default="sqlite://")), name="db", environ={})
    assert isinstance(found, Database)
    assert found.url == "sqlite://"


def test_secrets_are_in_no_error() -> None:
    environ = {"DB_PORT": "s3cret", "WEFT_RESOURCES__DB__HOSTS": "s3cret"}
    with pytest.raises(ConfigurationError) as caught:
        resolve(Database(url="x", port=EnvVar("DB_PORT"), pool={"key": ["s3cret"]}), name="db", environ=environ)
    assert len(caught.value.diagnostics) == 3
    assert "s3cret" not in str(caught.value)
    assert "DB_PORT" in str(caught.value)
    with pytest.raises(pydantic.ValidationError) as direct:
        Database(url="x", password=["s3cret"])  # type: ignore[arg-type]
    assert "s3cret" not in str(direct.value)


def test_problems_of_several_resources_are_told_together() -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve_all({"one": Database, "two": Database(url=EnvVar("NO"))}, environ={})
    assert [each.code for each in caught.value.diagnostics] == ["missing-field", "missing-variable"]
    assert "[resources.one]" in str(caught.value)


def test_a_resource_has_no_other_fields() -> None:
    with pytest.raises(pydantic.ValidationError):
        Database(ulr="x", url=EnvVar("X"))  # type: ignore[call-arg]
    with pytest.raises(ConfigurationError, match="Did you mean 'url'"):
        resolve(Database, name="db", files=files_of({"resources": {"db": {"url": "x", "urll": "y"}}}))


def test_config_takes_overrides_then_environment_then_files_then_what_the_definition_gives() -> None:
    files = files_of({"config": {"trading/prices": {"rows": 3, "name": "file"}}})
    environ = {"WEFT_CONFIG__TRADING_PRICES__NAME": "environment"}
    found = resolve_config(Limits, step="trading/prices", defaults={"rows": 1, "token": "t"})
    assert (found.rows, found.name, found.token.get_secret_value()) == (1, "all", "t")
    found = resolve_config(Limits, step="trading/prices", files=files, defaults={"rows": 1})
    assert (found.rows, found.name) == (3, "file")
    found = resolve_config(Limits, step="trading/prices", files=files, environ=environ, overrides={"rows": 5})
    assert (found.rows, found.name) == (5, "environment")


def test_all_that_is_wrong_with_a_config_is_told_with_field_value_and_source() -> None:
    files = files_of({"config": {"prices": {"rows": "many", "nmae": "x", "token": ["s3cret"]}}})
    environ = {"WEFT_CONFIG__PRICES__NAME": '["a"]'}
    with pytest.raises(ConfigurationError) as caught:
        resolve_config(Limits, step="prices", files=files, environ=environ, overrides={"token": 3})
    text = str(caught.value)
    assert len(caught.value.diagnostics) == 3
    assert "'rows' is 'many'" in text
    assert "[config.prices] in weft.toml" in text
    assert "Did you mean 'name'?" in text
    assert "'token'" in text
    assert "s3cret" not in text
    assert "from the arguments" in text


def test_lists_in_the_environment_are_json() -> None:
    found = resolve(Database(url="x"), name="db", environ={"WEFT_RESOURCES__DB__HOSTS": '["a", "b"]'})
    assert isinstance(found, Database)
    assert found.hosts == ["a", "b"]


def test_secrets_of_configs_are_masked_too() -> None:
    assert secret_values([Limits(token=pydantic.SecretStr("abc")), object(), None]) == {"abc"}


@pytest.mark.parametrize(
    ("name", "text"), [("a.toml", "[config.x]\nrows = 2"), ("a.json", json.dumps({"config": {"x": {"rows": 2}}}))]
)
def test_values_are_read_from_files(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert resolve_config(Limits, step="x", files=[sources.read(tmp_path / name)]).rows == 2


@pytest.mark.parametrize(
    ("name", "text"), [("a.toml", "password = hunter2"), ("a.json", "[1]"), ("a.ini", "x"), ("a.toml", None)]
)
def test_a_file_that_cannot_be_read_is_named_without_what_is_in_it(tmp_path: Path, name: str, text: str | None) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(errors.UsageError) as caught:
        sources.read(tmp_path / name)
    assert name in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_setup_and_teardown_have_defaults_and_private_state_is_the_users() -> None:
    class Counting(Resource):
        _open: bool = pydantic.PrivateAttr(default=False)

        def setup(self) -> object:
            self._open = True
            return None

    counting = Counting()
    counting.setup()
    assert counting._open
    counting.teardown()
    made = resolve(Counting, name="c")
    assert isinstance(made, Counting)
    made.setup()
    assert made._open
