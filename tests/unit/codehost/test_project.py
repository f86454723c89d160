from __future__ import annotations

import pytest

from weft.codehost import project as projects
from weft.model import errors


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refused(*arguments, **options) -> str:
    with pytest.raises(errors.UsageError) as caught:
        projects.find_project(*arguments, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [("weft.toml", 'definitions = "pkg.etl"'), ("pyproject.toml", '[tool.weft]\ndefinitions = "pkg.etl"')],
)
def test_the_configuration_is_found_upwards(tmp_path, name, text):
    write(tmp_path / name, text)
    write(tmp_path / "a" / "pyproject.toml", "[project]\nname = 'other'")
    start = tmp_path / "a" / "b"
    start.mkdir()
    project = projects.find_project(start)
    assert (project.root, project.definitions, project.file) == (tmp_path, "pkg.etl", None)
    assert project.home == tmp_path / ".weft"
    assert not project.home.exists()


def test_definitions_may_name_a_file(tmp_path):
    write(tmp_path / "weft.toml", 'definitions = "jobs/etl.py"')
    file = write(tmp_path / "jobs" / "etl.py")
    project = projects.find_project(tmp_path)
    assert (project.definitions, project.file) == (None, file)


@pytest.mark.parametrize("mark", ["weft.toml", ".weft/x", "pyproject.toml"])
def test_a_file_belongs_to_the_nearest_marked_folder_above_it(tmp_path, mark):
    write(tmp_path / "weft.toml", "")
    write(tmp_path / "inner" / mark, "[tool.weft]\njobs = 3" if mark == "pyproject.toml" else "")
    file = write(tmp_path / "inner" / "jobs" / "etl.py")
    project = projects.find_project(tmp_path, file="inner/jobs/etl.py")
    assert (project.root, project.file, project.definitions) == (tmp_path / "inner", file, None)
    assert project.settings == ({"jobs": 3} if mark == "pyproject.toml" else {})


def test_a_file_in_no_project_has_its_own_folder_as_root(tmp_path):
    file = write(tmp_path / "deep" / "etl.py")
    assert projects.find_project(tmp_path, file=file).root == tmp_path / "deep"


def test_a_module_given_by_hand_keeps_the_settings_but_not_the_definitions(tmp_path):
    write(tmp_path / "weft.toml", 'definitions = "pkg.etl"\njobs = 4\ncode_changes = "ask"')
    project = projects.find_project(tmp_path, module="other.jobs")
    assert (project.definitions, project.settings) == ("other.jobs", {"jobs": 4, "code_changes": "ask"})


def test_the_home_may_be_elsewhere(tmp_path):
    write(tmp_path / "weft.toml", 'definitions = "etl"')
    project = projects.find_project(tmp_path, environ={"WEFT_HOME": "other/home"})
    assert project.home == tmp_path / "other" / "home"
    assert projects.make_home(project) == project.home
    assert (project.home / ".gitignore").read_text() == "*\n"


def test_a_home_that_cannot_be_made_is_an_error_that_says_so(tmp_path):
    write(tmp_path / "weft.toml", 'definitions = "etl"')
    write(tmp_path / ".weft")
    with pytest.raises(errors.UsageError, match="cannot be made"):
        projects.make_home(projects.find_project(tmp_path))


def test_without_configuration_the_three_ways_are_told(tmp_path):
    message = refused(tmp_path)
    for part in ("-f FILE", "-m MODULE", "weft.toml", "[tool.weft]", "weft init"):
        assert part in message


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("jobs = 3", ("names no definitions",)),
        ('definitions = "etl"\njobs = = 3', ("weft.toml:2", "not valid TOML")),
        ('definitons = "etl"', ("'definitons'", "did you mean 'definitions'?")),
        ('definitions = "etl"\ncolour = 3', ("'colour'", "known are ")),
        ('definitions = "etl"\ncode_changes = "forward-only"', ("code_changes", "forward_only")),
        ('definitions = "etl"\njobs = "3"', ("jobs is '3'", "whole number")),
        ('definitions = "etl"\njobs = true', ("jobs is True",)),
        ('definitions = "etl"\njobs = 0\nkeep_versions = -1', ("jobs is 0", "keep_versions is -1", "at least 1")),
        ('definitions = ["etl"]', ("definitions is ['etl']",)),
        ('definitions = "my etl"', ("'my etl'", "package.module")),
        ('definitions = "none.py"', ("there is no file",)),
    ],
)
def test_wrong_configuration_is_told_with_file_and_value(tmp_path, text, parts):
    write(tmp_path / "weft.toml", text)
    message = refused(tmp_path)
    for part in ("weft.toml", *parts):
        assert part in message


def test_other_settings_may_be_made_known(tmp_path):
    write(tmp_path / "weft.toml", 'definitions = "etl"\ncolour = "red"')
    known = projects.KNOWN_SETTINGS | {"colour"}
    assert projects.find_project(tmp_path, known_settings=known).settings == {"colour": "red"}


def test_two_configurations_in_one_folder_are_refused(tmp_path):
    write(tmp_path / "weft.toml", 'definitions = "a"')
    write(tmp_path / "pyproject.toml", '[tool.weft]\ndefinitions = "b"')
    assert "configured twice" in refused(tmp_path)


def test_what_is_given_by_hand_is_checked(tmp_path):
    write(tmp_path / "notes.txt")
    assert "given twice" in refused(tmp_path, file="a.py", module="a")
    assert "there is no file" in refused(tmp_path, file="a.py")
    assert "is a folder" in refused(tmp_path, file=".")
    assert "not a Python file" in refused(tmp_path, file="notes.txt")
    assert "-f a.py" in refused(tmp_path, module="a.py")
