"""Values of resources and configs come from the project's configuration, whichever of the two files it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = """
import pydantic
import weft

class Api(weft.Resource):
    page_size: int = 10

api = Api()

class Limits(pydantic.BaseModel):
    least: int = 1

@weft.asset
def sized(api: Api) -> int:
    return api.page_size

@weft.asset
def limited(config: Limits) -> int:
    return config.least
"""
WEFT_TOML = 'definitions = "defs"\n[resources.api]\npage_size = 50\n[config.limited]\nleast = 7\n'
PYPROJECT = WEFT_TOML.replace("[", "[tool.weft.").replace("definitions", "[tool.weft]\ndefinitions")


def weft(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "weft", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("name", "text"), [("weft.toml", WEFT_TOML), ("pyproject.toml", PYPROJECT)])
@pytest.mark.parametrize("executor", ["inline", "process"])
def test_tables_of_the_configuration_reach_the_bodies(tmp_path: Path, name: str, text: str, executor: str) -> None:
    (tmp_path / "defs.py").write_text(SOURCE)
    (tmp_path / name).write_text(text)
    done = weft(tmp_path, "apply", "--yes", "--executor", executor)
    assert done.returncode == 0, done.stderr
    found = {
        event["step"]: event["outputs"][0]["value"]["inline"]
        for event in map(json.loads, weft(tmp_path, "ledger", "events", "--json").stdout.splitlines())
        if event["type"] == "StepSucceeded"
    }
    assert found == {"sized": "NTA=", "limited": "Nw=="}  # 50 and 7


def test_a_table_that_is_none_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "weft.toml").write_text('definitions = "defs"\nresources = {api = 3}\n')
    done = weft(tmp_path, "ls")
    assert done.returncode == 2
    assert "resources.api is 3, but must be a table: [resources.api]" in done.stderr


NEEDY = """
import weft

class Api(weft.Resource):
    token: str = weft.EnvVar("WEFT_TEST_TOKEN_THAT_IS_NOT_SET")

api = Api()

@weft.asset
def needy(api: Api) -> str:
    return api.token

@weft.asset
def modest() -> int:
    return 1
"""


@pytest.mark.parametrize("executor", ["inline", "process"])
def test_a_resource_without_its_values_stops_only_what_asks_for_it(tmp_path: Path, executor: str) -> None:
    (tmp_path / "weft.toml").write_text('definitions = "defs"\n')
    (tmp_path / "defs.py").write_text(NEEDY)
    assert weft(tmp_path, "apply", "modest", "--yes", "--executor", executor).returncode == 0
    refused = weft(tmp_path, "apply", "--yes", "--executor", executor)
    assert refused.returncode == 2
    assert "WEFT_TEST_TOKEN_THAT_IS_NOT_SET" in refused.stderr


def test_relative_paths_of_storage_begin_at_the_project(tmp_path: Path) -> None:
    (tmp_path / "weft.toml").write_text('definitions = "defs"\n')
    (tmp_path / "defs.py").write_text(
        "import weft\nfrom weft.storage import TypedStorage\n\n"
        "big = TypedStorage('kept', inline_limit=0)\n\n"
        "@weft.asset(io=big)\ndef text() -> str:\n    return 'x'\n"
    )
    (tmp_path / "below").mkdir()
    assert weft(tmp_path / "below", "apply", "--yes", "--executor", "inline").returncode == 0
    assert (tmp_path / "kept").is_dir()
    assert not (tmp_path / "below" / "kept").exists()


def test_a_selection_that_selects_nothing_is_an_error_unless_it_is_of_a_status(tmp_path: Path) -> None:
    (tmp_path / "weft.toml").write_text('definitions = "defs"\n')
    (tmp_path / "defs.py").write_text("import weft\n\n@weft.asset\ndef one() -> int:\n    return 1\n")
    nothing = weft(tmp_path, "plan", "group:misspelt")
    assert nothing.returncode == 2
    assert "'group:misspelt' selects nothing" in nothing.stderr
    assert weft(tmp_path, "plan", "status:failed").returncode == 0
