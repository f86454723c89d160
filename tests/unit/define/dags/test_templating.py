"""Templates are judged when a DAG is built: their spelling and their names, at the line of the call."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from weft.define.bodies import BuiltDefinitions
from weft.define.dags import templating
from weft.define.dags.declaration import DAG
from weft.define.tasks import task
from weft.model.diagnostics import Diagnostic
from weft.worker.tasks import names, templates

Built = Callable[..., BuiltDefinitions]
Problems = Callable[..., list[Diagnostic]]


@task
def load(sql: Any) -> None:
    return None


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("{{ dss }}", "which has an unknown name 'dss'.", "Did you mean 'ds'?"),
        ("{{ ds }", "which is misspelt: unexpected '}'.", "Correct the template."),
        ("{{ ds }}\n{{ ds }", "which is misspelt at line 2: ", "Correct the template."),
        ("{{ params.foo }}", "which asks for the parameter 'foo', which the DAG lacks.", "There is 'region', 'day'."),
        ("{{ params['regoin'] }}", "which asks for the parameter 'regoin', which the", "Did you mean 'region'?"),
        ("{{ ds | shuot }}", "which has an unknown filter 'shuot'.", "Did you mean 'shout' or 'sort'?"),
        ("{{ macros.ds_add(dss, 1) }}", "which has an unknown name 'dss'.", "Did you mean 'ds'?"),
    ],
)
def test_what_is_wrong_with_a_template_is_told_at_the_call(
    problems_of: Problems, text: str, message: str, remedy: str
) -> None:
    with DAG("d", params={"region": "eu", "day": "x"}, user_defined_filters={"shout": str.upper}) as d:
        load(["fine {{ ds }}", {"nested": text}])
    (found,) = problems_of(d)
    assert (found.code, found.remedy) == ("wrong-template", remedy)
    assert found.message.startswith(f"The task 'load' was called with sql={text!r}, {message}")
    assert found.location is not None
    assert found.location.file == __file__


@pytest.mark.parametrize(
    "text",
    [
        "{{ ds }} {{ params.region }} {{ params['day'] }} {{ params.get('other', 1) }} {{ params.items() | list }}",
        "{{ other | default('x') }} {{ params.other | d('x') }} {% if more is defined %}{{ more }}{% endif %}",
        "{% for each in range(3) %}{{ loop.index }} {{ each }}{% endfor %}{% set mine = 1 %}{{ mine }}",
        "{{ mine(ds) | shout }} {{ logical_date | strftime('%Y') }} {{ conn.db.host }} {{ var.value.x }} {{ now }}",
        "{{ ti.xcom_pull('a') }} {% raw %}{{ free }}{% endraw %}",
    ],
)
def test_what_a_run_can_fill_in_is_accepted(build_of: Built, text: str) -> None:
    with DAG(
        "d",
        params={"region": "eu", "day": "x"},
        user_defined_macros={"mine": str},
        user_defined_filters={"shout": str.upper},
    ) as d:
        load(text)
    assert list(build_of(d).graph.pipelines["d"].steps) == ["d:load"]


def test_a_template_among_the_elements_of_a_list_is_judged_too(problems_of: Problems) -> None:
    with DAG("d") as d:
        load.expand(sql=["{{ ds }}", "{{ dss }}"])
    (found,) = problems_of(d)
    assert "unknown name 'dss'" in found.message


def test_the_names_are_those_that_runs_fill_in() -> None:
    assert set(names.every()) == templating.NAMES
    assert set(templates._FILTERS) == templating.FILTERS


def test_a_dag_without_templates_does_not_import_the_template_engine() -> None:
    code = """
import sys
from weft import DAG, task
from weft.define.dags import templating
from weft.define.problems import Problems
@task
def one(x): pass
with DAG("d") as d:
    one("{ no template }")
checker = templating.Checker(d)
for call in d.calls.values():
    checker.check(call, Problems())
assert "jinja2" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
