"""Parameters of runs: their schema, and what is a value of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any, Literal

import pydantic
import pytest

from weft.define.bodies import BuiltDefinitions
from weft.define.dags.declaration import DAG
from weft.define.dags.decorators import dag
from weft.define.dags.params import Param
from weft.model.diagnostics import Diagnostic
from weft.model.errors import UsageError

Built = Callable[..., BuiltDefinitions]
Problems = Callable[..., list[Diagnostic]]


@pytest.fixture
def params_of(build_of: Built) -> Callable[..., tuple[Any, dict[str, Any]]]:
    def built(**params: Any) -> tuple[Any, dict[str, Any]]:
        found = build_of(DAG("d", params=params))
        return found.pipelines["d"].params, json.loads(found.graph.pipelines["d"].params)

    return built


def test_params_are_json_schema_and_are_validated_by_it(params_of: Any) -> None:
    model, schema = params_of(
        day=Param("2024-01-15", type="string", format="date", description="which"),
        limit=Param(3, type="integer", minimum=1, maximum=9),
        side=Param("buy", enum=["buy", "sell"]),
        note=Param(None, type=["string", "null"]),
        symbols=Param(["A"], type="array", items={"type": "string"}, minItems=1),
        plain=5,
    )
    assert schema["properties"]["day"] == {
        "default": "2024-01-15",
        "description": "which",
        "format": "date",
        "title": "Day",
        "type": "string",
    }
    assert schema["properties"]["limit"]["minimum"] == 1
    assert schema["properties"]["side"]["enum"] == ["buy", "sell"]
    assert model.model_validate({}).model_dump(mode="json")["plain"] == 5
    for wrong in ({"day": "soon"}, {"limit": 0}, {"side": "hold"}, {"symbols": [1]}, {"plain": "x"}, {"other": 1}):
        with pytest.raises(pydantic.ValidationError):
            model.model_validate(wrong)


def test_a_param_without_default_is_required(params_of: Any) -> None:
    model, schema = params_of(region=Param(type="string"))
    assert schema["required"] == ["region"]
    with pytest.raises(pydantic.ValidationError):
        model.model_validate({})


def test_annotations_of_the_function_are_the_schema(build_of: Built) -> None:
    @dag
    def annotated(day: date, side: Literal["buy", "sell"] = "buy", limit: int | None = None) -> None:
        return None

    built = build_of(annotated)
    schema = json.loads(built.graph.pipelines["annotated"].params)
    assert schema["required"] == ["day"]
    assert schema["properties"]["day"]["format"] == "date"
    dumped = built.pipelines["annotated"].params.model_validate({"day": "2024-01-15"}).model_dump(mode="json")
    assert dumped == {"day": "2024-01-15", "side": "buy", "limit": None}


def test_a_call_of_the_dag_gives_defaults(build_of: Built) -> None:
    @dag
    def regional(region: str) -> None:
        return None

    schema = json.loads(build_of(regional("eu")).graph.pipelines["regional"].params)
    assert schema["properties"]["region"]["default"] == "eu"


def test_a_template_is_a_default_of_any_type(params_of: Any) -> None:
    model, _ = params_of(day=Param("{{ ds }}", type="string", format="date"))
    assert model.model_validate({}).day == "{{ ds }}"


def test_a_dag_without_params_has_none(build_of: Built) -> None:
    built = build_of(DAG("d"))
    assert (built.pipelines["d"].params, built.graph.pipelines["d"].params) == (None, "{}")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n": Param("x", type="integer")}, "The DAG 'd': The parameter 'n' of the pipeline 'd' has the default 'x': "),
        ({"model_dump": 1}, "The DAG 'd': The pipeline 'd' can't have a parameter 'model_dump'."),
        (
            {"n": Param(0, type="integer", minimum=1)},
            "The DAG 'd': The parameter 'n' of the pipeline 'd' has the default 0",
        ),
    ],
)
def test_wrong_params_are_told(problems_of: Problems, params: dict[str, Any], message: str) -> None:
    (found,) = problems_of(DAG("d", params=params))
    assert found.message.startswith(message)


def test_unknown_words_of_a_schema_are_refused() -> None:
    with pytest.raises(UsageError, match=r"Param has no argument 'minimun'\. Did you mean 'minimum'"):
        Param(1, minimun=0)
    with pytest.raises(UsageError, match="is no type of JSON schema"):
        Param(1, type="int")


def test_an_unknown_parameter_of_a_dag_is_told() -> None:
    with DAG("d", params={"day": "x"}) as d, pytest.raises(UsageError, match="The DAG 'd' has no parameter 'dya'"):
        d.param("dya")


def test_a_function_with_any_names_has_no_parameters_of_a_run(problems_of: Problems) -> None:
    @dag
    def anything(**more: Any) -> None:
        return None

    (found,) = problems_of(anything)
    assert "takes **more, which names no parameter of a run" in found.message


def test_a_flow_may_take_what_json_has_not(build_of: Built) -> None:
    from weft.define.flows import flow

    class Table:
        pass

    @flow
    def loading(table: Table, day: date = date(2024, 1, 1), *rest: int) -> None:
        return None

    built = build_of(loading)
    pipeline = built.graph.pipelines["loading"]
    assert pipeline.kind == "flow"
    schema = json.loads(pipeline.params)
    assert schema["required"] == ["table"]
    assert schema["properties"]["day"]["default"] == "2024-01-01"


def test_what_params_says_of_a_parameter_of_the_function_holds(build_of: Built) -> None:
    @dag(
        params={
            "n": Param(3, type="integer", minimum=1, maximum=10, description="how many"),
            "mode": Param("x", enum=["x", "y"]),
            "bound": Param(minimum=1),
            "plain": 7,
            "own": "not of the function",
        }
    )
    def both(n: int, bound: int, plain: int, mode: str = "y") -> None:
        return None

    built = build_of(both)
    model, schema = built.pipelines["both"].params, json.loads(built.graph.pipelines["both"].params)
    assert schema["properties"]["n"] == {
        "default": 3,
        "description": "how many",
        "maximum": 10,
        "minimum": 1,
        "title": "N",
        "type": "integer",
    }
    assert schema["properties"]["mode"]["enum"] == ["x", "y"]
    assert schema["properties"]["bound"] == {"minimum": 1, "title": "Bound", "type": "integer"}
    assert schema["required"] == ["bound"]
    assert model.model_validate({"bound": 2}).model_dump() == {
        "n": 3,
        "bound": 2,
        "plain": 7,
        "mode": "x",
        "own": "not of the function",
    }
    for wrong in ({"n": 99}, {"mode": "z"}, {"bound": 0}, {"bound": "x"}, {"plain": "x"}):
        with pytest.raises(pydantic.ValidationError):
            model.model_validate({"bound": 2, **wrong})


def test_a_call_of_the_dag_goes_before_the_default_of_params_and_keeps_its_limits(
    build_of: Built, problems_of: Problems
) -> None:
    def made() -> Any:
        @dag(params={"n": Param(3, type="integer", minimum=1)})
        def limited(n: int) -> None:
            return None

        return limited

    assert build_of(made()(5)).pipelines["limited"].params.model_validate({}).n == 5
    (found,) = problems_of(made()(0))
    assert "The parameter 'n' of the pipeline 'limited' has the default 0" in found.message


def test_parameters_stand_in_the_order_of_the_function(build_of: Built) -> None:
    @dag
    def ordered(zeta: int = 1, alpha: str = "a", middle: float = 2.0) -> None:
        return None

    schema = json.loads(build_of(ordered).graph.pipelines["ordered"].params)
    assert list(schema["properties"]) == ["zeta", "alpha", "middle"]
