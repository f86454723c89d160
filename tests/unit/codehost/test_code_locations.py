"""Which code locations a configuration has, and what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from weft.codehost import locations
from weft.codehost import project as projects
from weft.model import errors


def found(folder: Path, toml: str, **files: str) -> dict[str, locations.Location]:
    (folder / "weft.toml").write_text(toml)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return locations.locations(projects.find_project(folder))


def test_a_project_without_locations_is_the_location_main(tmp_path):
    (location,) = found(tmp_path, 'definitions = "defs.py"\n', defs="").values()
    assert location.name == "main"
    assert location.project.file == tmp_path / "defs.py"
    assert location.python == Path(sys.executable)


def test_a_location_has_its_root_its_definitions_and_the_ledger_of_the_project(tmp_path):
    (tmp_path / "left").mkdir()
    made = found(tmp_path, 'storage = "out"\n[locations.a]\nroot = "left"\ndefinitions = "pkg.defs"\n')["a"]
    assert made.project.root == tmp_path / "left"
    assert made.project.definitions == "pkg.defs"
    assert made.project.home == tmp_path / ".weft"
    assert made.project.settings["storage"] == str(tmp_path / "out")
    assert made.watched == (tmp_path / "left",)


def test_the_folder_of_a_virtual_environment_stands_for_its_interpreter(tmp_path):
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "python").symlink_to(sys.executable)
    made = found(tmp_path, '[locations.a]\ndefinitions = "a.py"\npython = "env"\n', a="")["a"]
    assert made.python == tmp_path / "env" / "bin" / "python"


def test_all_that_is_wrong_is_told_at_once_with_field_and_value(tmp_path):
    toml = """
[locations.a]
definitions = "nowhere.py"
[locations.b]
definitions = "b"
python = "no/python"
[locations.c]
definitoins = "c"
root = "no-folder"
[locations.d]
definitions = 3
[locations."e f"]
definitions = "e"
"""
    with pytest.raises(errors.UsageError) as caught:
        found(tmp_path, toml)
    told = caught.value.message
    for each in (
        "locations.a.definitions: there is no file",
        "locations.b.python is 'no/python'",
        "locations.c.definitoins: did you mean 'definitions'?",
        "locations.c.root is 'no-folder'",
        "locations.c has no `definitions`",
        "locations.d.definitions is 3, but must be text",
        "'e f' is no name",
    ):
        assert each in told


def test_two_locations_with_the_same_definitions_are_refused(tmp_path):
    with pytest.raises(errors.UsageError, match=r"locations\.b and locations\.a have the same definitions"):
        found(tmp_path, '[locations.a]\ndefinitions = "x.py"\n[locations.b]\ndefinitions = "x.py"\n', x="")


def test_the_command_line_asks_which_of_several_locations_is_meant(tmp_path, monkeypatch):
    from weft.codehost import built

    monkeypatch.delenv("WEFT_HOME", raising=False)
    found(tmp_path, '[locations.a]\ndefinitions = "a.py"\n[locations.b]\ndefinitions = "b.py"\n', a="", b="")
    with pytest.raises(errors.UsageError, match="2 code locations: a, b") as caught:
        built.find(tmp_path, file=None, module=None, location=None)
    assert "WEFT_LOCATION" in str(caught.value.remedy)
    assert built.find(tmp_path, file=None, module=None, location="b").file == tmp_path / "b.py"
    with pytest.raises(errors.UsageError, match="no code location 'c'"):
        built.find(tmp_path, file=None, module=None, location="c")
