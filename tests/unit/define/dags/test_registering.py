"""Which DAGs are a module's: all that are declared while it is loaded, and none that are declared later."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any

from weft.define.bodies import BuiltDefinitions
from weft.define.dags.decorators import dag
from weft.model.diagnostics import Diagnostic

Built = Callable[..., BuiltDefinitions]
Problems = Callable[..., list[Diagnostic]]


def held(source: str, name: str = "dags") -> Mapping[str, Any]:
    """What a module of this source holds once it is loaded."""
    module = types.ModuleType(name)
    module.__file__ = f"{name}.py"
    exec(compile(f"from weft import DAG, dag, job, op, task\n{source}", f"{name}.py", "exec"), vars(module))
    return {each: value for each, value in vars(module).items() if each != "__builtins__"}


def test_every_dag_of_a_loop_over_a_decorated_function_is_registered(build_of: Built) -> None:
    module = held("""
for i in range(3):
    @dag(dag_id=f"p{i}")
    def p():
        pass
for i in range(2):
    @job(name=f"j{i}")
    def j():
        pass
""")
    assert set(build_of(**module).graph.pipelines) == {"p0", "p1", "p2", "j0", "j1"}


def test_a_factory_that_is_called_while_the_module_is_loaded_registers_what_it_declares(build_of: Built) -> None:
    module = held("""
def make(i):
    @dag(dag_id=f"p{i}")
    def p():
        pass
    p()
    with DAG(f"w{i}"):
        pass
for i in range(2):
    make(i)
""")
    assert set(build_of(**module).graph.pipelines) == {"p0", "p1", "w0", "w1"}


def test_a_function_that_is_called_later_leaves_nothing_in_a_module(build_of: Built) -> None:
    module = held("""
def test_something():
    @dag
    def of_a_test():
        pass
    with DAG("in_a_test"):
        pass
    return of_a_test()
""")
    module["test_something"]()
    assert build_of(**module).graph.pipelines == {}
    assert "__weft_dags__" not in globals()


def test_two_dags_of_one_id_in_a_loop_are_an_error(problems_of: Problems) -> None:
    module = held("""
for i in range(2):
    @dag(dag_id="same")
    def p():
        pass
""")
    (found,) = problems_of(**module)
    assert found.code == "duplicate-pipeline"


def test_a_cell_that_is_run_again_takes_the_place_of_the_former(build_of: Built) -> None:
    session: dict[str, Any] = {"__name__": "__main__", "dag": dag}
    cell = "@dag(dag_id='daily')\ndef p():\n    pass\n"
    exec(cell, session)
    exec(cell, session)
    del session["__builtins__"]
    assert list(build_of(**session).graph.pipelines) == ["daily"]
