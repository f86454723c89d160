"""Code versions of tasks that are defined within the function of a DAG."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from weft.codehost import built, project, runnable
from weft.define import bodies, sources

SOURCE = """
from weft.define.dags.declaration import DAG
from weft.define.dags.decorators import dag
from weft.define.tasks import task

LIMIT = 5

def helper(x):
    return x + LIMIT

@dag
def outer():
    factor = 3

    @task(retries=2)
    def first(n: int):
        return helper(n) * factor

    @task
    def second(n):
        return first(n)

    second(first(1))

@task
def alone(x):
    return x

with DAG("block"):
    alone({"a": 1})
"""


def loaded(folder: Path, source: str) -> bodies.BuiltDefinitions:
    folder.mkdir(exist_ok=True)
    file = folder / "nested_tasks.py"
    file.write_text(source, encoding="utf-8")
    found = project.find_project(folder, file=str(file), module=None, environ={})
    return built.load(found).definitions


def codes(definitions: bodies.BuiltDefinitions) -> dict[str, str]:
    pipelines = definitions.graph.pipelines
    steps = {step.key: step.code for each in pipelines.values() for step in each.steps.values()}
    return {**steps, **{name: each.code for name, each in pipelines.items()}}


def test_a_nested_task_has_the_code_that_it_depends_on(tmp_path: Path) -> None:
    definitions = loaded(tmp_path, SOURCE)
    step = definitions.graph.pipelines["outer"].steps["outer:first"]
    entries = definitions.manifests[step.code].entries
    assert {name.rpartition("nested_tasks.")[2] for name in entries} == {"outer.<locals>.first", "helper", "LIMIT"}
    whole = definitions.manifests[definitions.graph.pipelines["outer"].code].entries
    assert {"nested_tasks.outer", "nested_tasks.outer.<locals>.second", "nested_tasks.helper"} <= whole.keys()
    assert "nested_tasks:alone" in definitions.tasks


def test_only_what_depends_on_a_change_has_another_version(tmp_path: Path) -> None:
    before = codes(loaded(tmp_path, SOURCE))

    def changed(old: str, new: str) -> set[str]:
        after = codes(loaded(tmp_path, SOURCE.replace(old, new)))
        return {name for name in before if before[name] != after[name]}

    assert changed("LIMIT = 5", "LIMIT = 6") == {"outer:first", "outer:second", "outer"}
    assert changed("return first(n)", "return first(n + 1)") == {"outer:second", "outer"}
    assert changed("factor = 3", "factor = 4") == {"outer:first", "outer:second", "outer"}
    assert changed("retries=2", "retries=3") == set()
    assert changed('{"a": 1}', '{"a": 2}') == {"block"}


def test_versions_are_the_same_in_every_process(tmp_path: Path) -> None:
    here = codes(loaded(tmp_path, SOURCE))
    script = (
        "import os, pathlib, sys\n"
        "from weft.codehost import built, project\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "found = project.find_project(folder, file=str(folder / 'nested_tasks.py'), module=None, environ={})\n"
        "graph = built.load(found).definitions.graph\n"
        "print({name: each.code for name, each in graph.pipelines.items()})\n"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert answers == {str({name: code for name, code in here.items() if ":" not in name})}


def test_a_resource_that_a_task_asks_for_must_have_its_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAREHOUSE_URL", raising=False)
    definitions = loaded(
        tmp_path,
        """
from weft import DAG, Definitions, EnvVar, Resource, task

class Warehouse(Resource):
    url: str

@task
def save(warehouse: Warehouse, data: int):
    return data

@task
def other():
    return 1

with DAG("d"):
    save(data=1)
    other()

defs = Definitions(resources={"warehouse": Warehouse(url=EnvVar("WAREHOUSE_URL"))})
""",
    )
    assert definitions.tasks["d:save"].parameters.resources == {"warehouse": "warehouse"}
    assert runnable.ready(definitions, steps=["d:other"]).resources == {}
    with pytest.raises(sources.ConfigurationError, match="WAREHOUSE_URL"):
        runnable.ready(definitions, steps=["d:save"])
