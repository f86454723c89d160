"""Changes made on a command line are in the audit log, without secrets; what only looks is not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from weft.surfaces.cli import noting, program

DEFINITIONS = "from weft import asset\n\n@asset\ndef one() -> int:\n    return 1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.py").write_text(DEFINITIONS)
    (tmp_path / "weft.toml").write_text('definitions = "shop.py"\nexecutor = "inline"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))
    return tmp_path


def _audit(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert program.run(["audit", "--json"]) == program.DONE
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_a_command_that_changes_something_is_noted_and_one_that_looks_is_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.run(["apply", "one", "--yes"]) == program.DONE
    for looking in (["status"], ["runs"], ["plan", "one"], ["work-pool", "ls"]):
        program.run(looking)
    assert program.run(["work-pool", "create", "nightly"]) == program.DONE
    assert program.run(["work-pool", "create"]) == program.WRONG_USAGE
    found = _audit(capsys)
    assert [(each["action"], each["target"], each["via"]) for each in found] == [
        ("cli.work-pool.create", "nightly", "cli"),
        ("cli.apply", "one", "cli"),
    ]
    assert program.run(["audit", "--verify"]) == program.DONE


def test_accounts_and_tokens_by_command_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert program.run(["accounts", "add", "anna", "--role", "admin", "--password-stdin"]) == program.DONE
    assert program.run(["accounts", "role", "anna", "viewer"]) == program.DONE
    assert program.run(["accounts", "role", "nobody", "viewer"]) == program.WRONG_USAGE
    assert program.run(["tokens", "create", "ci", "--account", "anna", "--role", "admin"]) == program.WRONG_USAGE
    capsys.readouterr()
    assert program.run(["tokens", "create", "ci", "--account", "anna", "--json"]) == program.DONE
    made = json.loads(capsys.readouterr().out)
    assert program.run(["tokens", "revoke", made["token"]["id"]]) == program.DONE
    found = _audit(capsys)
    assert [each["action"] for each in found] == ["tokens.revoke", "tokens.create", "accounts.change", "accounts.add"]
    assert "battery" not in json.dumps(found)
    assert made["secret"] not in json.dumps(found)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--password", "hidden"],
        ["--api-token=hidden"],
        ["-P", "db_password=hidden"],
        ["postgresql://me:hidden@host/db"],
        ["secret_key=hidden"],
    ],
)
def test_what_is_named_like_a_secret_is_masked(arguments: list[str]) -> None:
    assert "hidden" not in " ".join(noting.masked(arguments))


def test_what_is_not_stays_readable() -> None:
    arguments = ["trading_etl", "-P", "day=2024-01-01", "--partitions", "a..b", "s3://bucket/x"]
    assert noting.masked(arguments) == arguments
