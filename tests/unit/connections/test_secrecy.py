"""What is secret stays so: in nested extra, in URLs, under changed keys, with several writers, in open files."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from weft.connections import adapting, places, probing, registry, vault
from weft.connections.connection import Connection
from weft.model import errors


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> places.Place:
    for name in os.environ:
        if name.startswith(("WEFT_CONN_", "WEFT_SECRET_KEY", "WEFT_HOME")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return places.Place(None, tmp_path / ".weft")


@pytest.mark.parametrize(
    "extra",
    [
        {"headers": {"Authorization": "Bearer hidden-away"}},
        {"headers": {"Cookie": "sid=hidden-away"}},
        {"accounts": [{"name": "a", "pwd": "hidden-away"}]},
        {"url": "https://host/x?sig=hidden-away&b=1"},
        {"endpoints": ["https://me:hidden-away@host/x"]},
    ],
)
def test_secrets_are_masked_wherever_they_stand(extra: dict[str, Any]) -> None:
    found = Connection(name="x", type="generic", extra=extra)
    assert "hidden-away" not in f"{found} {found!r} {found.masked()}"
    assert any("hidden-away" in each for each in found.secrets())


def test_a_secret_is_also_masked_as_it_stands_in_a_url(place: places.Place) -> None:
    found = Connection(name="x", type="sqlite", database="/no/p%40ss%2Fw", extra={"password": "p@ss/w"})
    assert "p%40ss" not in probing.test(found).message


def test_a_key_is_changed_by_putting_another_before_it(place: places.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.save(Connection.parse("db", "postgres://me:hidden-away@host/x"), place=place)
    fernet = pytest.importorskip("cryptography.fernet")
    old, new = place.key.read_text().strip(), fernet.Fernet.generate_key().decode()
    monkeypatch.setenv("WEFT_SECRET_KEY", f"{new},{old}")
    registry.save(registry.get("db", place=place), place=place)
    monkeypatch.setenv("WEFT_SECRET_KEY", new)
    assert registry.get("db", place=place).password == "hidden-away"
    monkeypatch.setenv("WEFT_SECRET_KEY", old)
    with pytest.raises(errors.UsageError, match="sealed with another key"):
        registry.get("db", place=place)


def test_an_empty_variable_is_no_key(place: places.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_SECRET_KEY", "")
    registry.save(Connection.parse("db", "postgres://me:hidden-away@host/x"), place=place)
    assert registry.get("db", place=place).password == "hidden-away"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"short"])
def test_a_file_that_is_no_key_is_told(place: places.Place, content: bytes) -> None:
    registry.save(Connection.parse("db", "postgres://host/x"), place=place)
    place.key.write_bytes(content)
    with pytest.raises(errors.UsageError, match=r"is no key|can't be read"):
        registry.get("db", place=place)


def test_a_key_that_others_can_read_is_warned_of(place: places.Place) -> None:
    registry.save(Connection.parse("db", "postgres://host/x"), place=place)
    assert stat.S_IMODE(place.key.stat().st_mode) == 0o600
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        registry.get("db", place=place)
    place.key.chmod(0o644)
    with pytest.warns(vault.KeyModeWarning, match="chmod 600"):
        registry.get("db", place=place)


def test_writers_at_the_same_time_lose_nothing(place: places.Place) -> None:
    code = (
        "import sys; from pathlib import Path; from weft.connections import places, registry\n"
        "from weft.connections.connection import Connection\n"
        f"place = places.Place(None, Path({str(place.home)!r}))\n"
        "for number in range(5):\n"
        "    name = f'c{sys.argv[1]}_{number}'\n"
        "    registry.save(Connection.parse(name, 'postgres://me:x@host/' + name), place=place)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(number)]) for number in range(4)]
    assert [each.wait() for each in writers] == [0] * 4
    assert len(registry.all(place=place)) == 20
    assert sorted(each.name for each in place.home.iterdir() if each.name.endswith("~")) == []


def test_a_private_key_that_is_none_is_told_without_it() -> None:
    pytest.importorskip("paramiko")
    with pytest.raises(errors.UsageError, match="private_key of the SFTP connection") as caught:
        adapting.filesystem(Connection(name="x", type="sftp", host="h", extra={"private_key": "hidden-away"}))
    assert "hidden-away" not in str(caught.value)
