"""What hostile or unlucky bodies, values and names must not do: projects of their own, through the real program."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

_SECRET = "Qp7SecretZ"


@dataclass
class _Project:
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def define(self, text: str) -> None:
        (self.folder / "defs.py").write_text("import asyncio\nimport weft\nfrom weft import asset\n" + text)

    def weft(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self.environment}
        environment.pop("WEFT_HOME", None)
        return subprocess.run(
            [sys.executable, "-m", "weft", "-f", "defs.py", *arguments],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def kept(self) -> bytes:
        """Return every byte that the project's `.weft` holds."""
        return b"".join(each.read_bytes() for each in (self.folder / ".weft").rglob("*") if each.is_file())


@pytest.fixture
def project(tmp_path: Path) -> _Project:
    return _Project(tmp_path)


@pytest.mark.parametrize("executor", ["process", "inline"])
@pytest.mark.parametrize(
    ("raised", "shown"),
    [
        ("ValueError('half \\ud800 pair')", "ValueError"),
        ("BaseException('from the base')", "BaseException: from the base"),
        ("asyncio.CancelledError()", "CancelledError"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_whatever_a_body_raises_is_one_failed_attempt_that_names_it(
    project: _Project, executor: str, raised: str, shown: str
) -> None:
    project.define(f"@asset\ndef broken() -> int:\n    raise {raised}\n")
    done = project.weft("apply", "--yes", "--executor", executor)
    assert done.returncode == 1, done.stdout + done.stderr
    assert shown in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert shown in project.weft("logs", "broken").stdout


@pytest.mark.parametrize(
    "model",
    [
        "from dataclasses import dataclass\n@dataclass\nclass Row:\n    x: int\nmake = lambda: Row(x='text')\n",
        "import pydantic\nclass Row(pydantic.BaseModel):\n    x: int\nmake = lambda: Row.model_construct(x='text')\n",
    ],
    ids=["dataclass", "pydantic"],
)
def test_an_output_whose_fields_are_of_other_types_is_a_failed_step(project: _Project, model: str) -> None:
    project.define(model + "@asset\ndef row() -> Row:\n    return make()\n")
    done = project.weft("apply", "--yes")
    assert done.returncode == 1, done.stdout
    assert "annotation" in done.stdout


def test_no_secret_reaches_the_ledger_by_metadata_or_by_a_quoted_form(project: _Project) -> None:
    secret = f"a'b\"{_SECRET}\\c"
    project.environment["THE_PASSWORD"] = secret
    project.define(
        "import pydantic\n"
        "class Database(weft.Resource):\n    password: pydantic.SecretStr\n"
        "database = Database(password=weft.EnvVar('THE_PASSWORD'))\n"
        "@asset\ndef noted(context, database: Database) -> int:\n"
        "    context.add_metadata({'password': database.password.get_secret_value()})\n    return 1\n"
        "@weft.asset_check(asset='noted')\ndef judged(noted, database: Database):\n"
        "    return weft.CheckResult(passed=True, metadata={'password': database.password.get_secret_value()})\n"
        "@asset\ndef quoted(database: Database) -> int:\n    raise KeyError(database.password.get_secret_value())\n"
    )
    done = project.weft("apply", "--yes")
    assert "1 succeeded, 1 failed" in done.stdout, done.stdout + done.stderr
    assert _SECRET.encode() not in project.kept()
    assert _SECRET not in done.stdout + done.stderr + project.weft("logs", "quoted").stdout


def test_a_stored_file_that_was_cut_short_is_not_read_as_its_version(project: _Project) -> None:
    project.define(
        "@asset\ndef raw() -> bytes:\n    return b'x' * 300_000\n"
        "@asset\ndef size(raw: bytes) -> int:\n    return len(raw)\n"
    )
    assert project.weft("apply", "--yes").returncode == 0
    (stored,) = (project.folder / ".weft" / "data" / "raw").rglob("*.bin")
    stored.chmod(0o644)
    stored.write_bytes(b"")
    assert project.weft("materialize", "size").returncode == 1


def test_a_rejected_version_that_was_accepted_is_shown_as_the_current_one(project: _Project) -> None:
    project.define(
        "from pathlib import Path\n"
        "@asset\ndef source() -> str:\n    return Path('value').read_text()\n"
        "@weft.asset_check(asset='source', blocking=True)\ndef good(source):\n    return source != 'bad'\n"
    )
    value = project.folder / "value"
    value.write_text("good")
    assert project.weft("apply", "--yes").returncode == 0
    value.write_text("bad")
    assert project.weft("apply", "--yes", "--force").returncode == 1
    assert project.weft("accept", "source", "--reason", "looked at").returncode == 0
    newest, older = json.loads(project.weft("versions", "source", "--json").stdout)
    assert (newest["current"], older["current"]) == (True, False)


def test_the_logs_hint_of_a_failed_multi_asset_can_be_followed(project: _Project) -> None:
    project.define(
        "@weft.multi_asset(outs={'one': weft.AssetOut(), 'two': weft.AssetOut()})\ndef both():\n    return {'one': 1}\n"
    )
    done = project.weft("apply", "--yes")
    hints = re.findall(r"weft logs ([\w/]+)", done.stdout)
    assert hints
    for subject in hints:
        assert project.weft("logs", subject).returncode == 0, subject


def test_an_asset_named_like_the_start_of_a_run_has_its_own_log(project: _Project) -> None:
    project.define("@asset\ndef plain() -> int:\n    return 1\n")
    assert project.weft("apply", "--yes").returncode == 0
    run = json.loads(project.weft("runs", "--json").stdout)[0]["id"]
    letters = next((run[:n] for n in (2, 3, 4) if run[0].isalpha()), None)
    while letters is None:
        assert project.weft("materialize", "plain").returncode == 0
        run = json.loads(project.weft("runs", "--json").stdout)[0]["id"]
        letters = run[:2] if run[0].isalpha() else None
    project.define(
        f"@asset\ndef plain() -> int:\n    return 1\n@asset\ndef {letters}() -> int:\n    print('mine')\n    return 2\n"
    )
    assert project.weft("apply", letters, "--yes").returncode == 0
    shown = project.weft("logs", letters).stdout
    assert "mine" in shown
    assert "plain" not in shown
