from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest

from weft.codehost import importing, loading
from weft.codehost import project as projects
from weft.model import diagnostics


def load_file(workspace, name: str) -> loading.LoadedModules:
    return loading.load_namespace(projects.find_project(workspace.root, file=workspace.root / name))


def problems(call, *arguments) -> list[diagnostics.Diagnostic]:
    with pytest.raises(diagnostics.DefinitionsError) as caught:
        call(*arguments)
    return list(caught.value.diagnostics)


def test_a_file_is_known_by_its_stem_and_finds_its_neighbours(workspace):
    workspace.write(jobs__etl="import near\nvalue = near.value", jobs__near="value = 3")
    loaded = load_file(workspace, "jobs/etl.py")
    assert loaded.names == ("etl",)
    assert sys.modules["etl"] is loaded.modules[0]
    assert loaded.modules[0].value == 3


def test_a_file_in_a_package_may_import_relatively(workspace):
    workspace.write(pkg__init="", pkg__etl="from .near import value", pkg__near="value = 3")
    loaded = load_file(workspace, "pkg/etl.py")
    assert loaded.names == ("pkg.etl",)
    assert loaded.modules[0].value == 3


def test_a_file_named_like_a_library_hides_it_from_no_one(workspace):
    import calendar

    workspace.write(calendar="value = 3")
    loaded = load_file(workspace, "calendar.py")
    assert loaded.names == ("calendar_file",)
    assert sys.modules["calendar"] is calendar


def test_a_package_counts_with_all_below_it_but_its_program(workspace):
    workspace.write(pkg__init="", pkg__b="", pkg__a="", pkg__sub__init="", pkg__sub__c="")
    (workspace.root / "pkg" / "__main__.py").write_text("1 / 0")
    assert workspace.load("pkg").names == ("pkg", "pkg.a", "pkg.b", "pkg.sub", "pkg.sub.c")


def test_a_module_counts_alone(workspace):
    workspace.write(pkg__init="", pkg__a="", pkg__b="")
    assert workspace.load("pkg.a").names == ("pkg.a",)


def test_the_src_folder_is_on_the_import_path(workspace):
    workspace.write(src__pkg__init="value = 3")
    assert workspace.load("pkg").modules[0].value == 3


def test_every_failing_module_is_told_with_its_place(workspace):
    workspace.write(
        pkg__init="",
        pkg__fine="",
        pkg__broken="def f():\n    raise KeyError('price')\nf()",
        pkg__syntax="x = (1,\n\ndef f(:\n",
        pkg__missing="import no_such_library",
        pkg__leaves="import sys\nsys.exit(3)",
        pkg__json_in="import json\njson.loads('{')",
    )
    found = {each.message.split("'")[1]: each for each in problems(workspace.load, "pkg")}
    assert set(found) == {"pkg.broken", "pkg.syntax", "pkg.missing", "pkg.leaves", "pkg.json_in"}
    places = {name: (Path(each.location.file).name, each.location.line) for name, each in found.items()}
    assert places["pkg.broken"] == ("broken.py", 2)
    assert places["pkg.syntax"][0] == "syntax.py"
    assert places["pkg.missing"] == ("missing.py", 1)
    assert places["pkg.leaves"] == ("leaves.py", 2)
    assert places["pkg.json_in"] == ("json_in.py", 2)
    assert "KeyError: 'price'" in found["pkg.broken"].message
    assert "no_such_library" in found["pkg.missing"].remedy


def test_a_failing_file_is_told_and_leaves_no_module(workspace):
    workspace.write(etl="import near", near="1 / 0")
    (found,) = problems(load_file, workspace, "etl.py")
    assert (Path(found.location.file).name, found.location.line) == ("near.py", 1)
    assert "etl" not in sys.modules


def test_a_module_that_is_not_there_is_told(workspace):
    (found,) = problems(workspace.load, "nowhere.etl")
    assert found.code == "module-not-found"
    assert "'nowhere.etl'" in found.message


def test_loading_again_sees_an_edit_of_equal_size_and_time(workspace, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    workspace.write(etl="import near\nvalue = near.value", near="value = 1")
    assert load_file(workspace, "etl.py").modules[0].value == 1
    near = workspace.root / "near.py"
    stat = near.stat()
    for value in (2, 3):
        workspace.write(near=f"value = {value}")
        os.utime(near, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert load_file(workspace, "etl.py").modules[0].value == value


def test_bytecode_cached_by_python_itself_is_not_believed(workspace, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    workspace.write(etl="value = 1")
    monkeypatch.syspath_prepend(str(workspace.root))
    assert importlib.import_module("etl").value == 1
    path = workspace.root / "etl.py"
    stat = path.stat()
    workspace.write(etl="value = 2")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert workspace.load().modules[0].value == 2


def test_unchanged_source_is_not_compiled_again(workspace, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    workspace.write(etl="value = 1")
    workspace.load()

    compiled = []
    original = importing.ProjectLoader.source_to_code

    def source_to_code(self, data, path, **options):
        compiled.append(path)
        return original(self, data, path, **options)

    monkeypatch.setattr(importing.ProjectLoader, "source_to_code", source_to_code)
    assert workspace.load().modules[0].value == 1
    assert compiled == []


def test_a_removed_module_is_gone_when_loaded_again(workspace):
    workspace.write(pkg__init="", pkg__a="", pkg__b="")
    assert workspace.load("pkg").names == ("pkg", "pkg.a", "pkg.b")
    (workspace.root / "pkg" / "a.py").unlink()
    assert workspace.load("pkg").names == ("pkg", "pkg.b")
    assert "pkg.a" not in sys.modules


def test_a_cause_is_told_once_however_many_modules_import_it_and_of_the_module_where_it_lies(workspace):
    workspace.write(
        pkg__init="", pkg__a="import pkg.z", pkg__b="from pkg import z", pkg__c="import pkg.b", pkg__y="1 / 0",
        pkg__z="x = 1\nx.nothing",
    )  # fmt: skip
    found = problems(workspace.load, "pkg")
    assert [(Path(each.location.file).name, each.location.line) for each in found] == [("z.py", 2), ("y.py", 1)]
    assert "'pkg.z'" in found[0].message
    assert "'pkg.y'" in found[1].message


def test_modules_that_lack_different_things_are_each_told(workspace):
    workspace.write(pkg__init="", pkg__a="import nothing_such", pkg__b="import nothing_such")
    assert [Path(each.location.file).name for each in problems(workspace.load, "pkg")] == ["a.py", "b.py"]
