"""Answers of people against the schema of the question; parameters of deployments with templates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import pydantic
import pytest

from weft.model import errors
from weft.service.pipeline import answers, deployed


class Address(pydantic.BaseModel):
    street: str = pydantic.Field(min_length=1)


class Form(pydantic.BaseModel):
    approved: bool
    count: int = pydantic.Field(1, ge=1, le=9)
    kind: Literal["a", "b"] = "a"
    note: str | None = None
    address: Address | None = None
    sizes: list[int] = []


SCHEMA = Form.model_json_schema()


@pytest.mark.parametrize(
    "value",
    [
        {"approved": True},
        {"approved": False, "count": 9, "kind": "b", "note": None, "address": {"street": "x"}, "sizes": [1, 2]},
    ],
)
def test_a_valid_answer_has_no_problems(value: object) -> None:
    assert answers.problems(SCHEMA, value) == []
    Form.model_validate(value)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({}, "approved is missing"),
        ({"approved": 1}, "approved is 1, but must be of the type boolean"),
        ({"approved": True, "count": 0}, "count is 0, but must be at least 1"),
        ({"approved": True, "count": True}, "count is True, but must be of the type integer"),
        ({"approved": True, "kind": "c"}, "kind is 'c', but must be one of 'a', 'b'"),
        ({"approved": True, "aproved": True}, "aproved is no field of it (did you mean 'approved'?)"),
        ({"approved": True, "address": {"street": ""}}, "must have at least 1 characters"),
        ({"approved": True, "sizes": [1, "2"]}, "sizes[1] is '2', but must be of the type integer"),
        ([], "the answer is [], but must be of the type object"),
    ],
)
def test_what_is_wrong_with_an_answer_is_told_by_field(value: object, told: str) -> None:
    assert any(told in each for each in answers.problems(SCHEMA, value)), answers.problems(SCHEMA, value)


def test_all_problems_are_told_at_once() -> None:
    assert len(answers.problems(SCHEMA, {"count": 99, "kind": "c"})) == 3


NOW = int(datetime(2024, 5, 6, 7, 8, tzinfo=UTC).timestamp() * 1e6)
DAY = (int(datetime(2024, 1, 2, tzinfo=UTC).timestamp() * 1e6), int(datetime(2024, 1, 3, tzinfo=UTC).timestamp() * 1e6))


def test_templates_of_a_deployment_are_of_the_interval_and_of_now() -> None:
    found = deployed.filled_in(
        {"day": "{{ ds }}", "made": "{{ now | strftime('%Y-%m-%d') }}", "plain": "x", "number": 3}, DAY, NOW, "nightly"
    )
    assert found == {"day": "2024-01-02", "made": "2024-05-06", "plain": "x", "number": 3}
    assert deployed.filled_in({"day": "{{ ds }}"}, None, NOW, "nightly") == {"day": "2024-05-06"}


def test_an_unknown_name_in_a_template_is_told_with_the_parameter() -> None:
    with pytest.raises(errors.UsageError, match=r"'day' of the deployment 'nightly'.*'dz' is undefined"):
        deployed.filled_in({"day": "{{ dz }}"}, DAY, NOW, "nightly")


@pytest.mark.parametrize(
    ("schema", "options"),
    [
        (None, ""),
        ({"type": "boolean"}, "--input 'true'"),
        ({"type": "string"}, "--input '\"…\"'"),
        ({"enum": ["yes", "no"]}, "--input '\"yes\"'"),
        (
            {
                "properties": {
                    "approved": {"type": "boolean"},
                    "note": {"type": "string"},
                    "size": {"$ref": "#/$defs/S"},
                },
                "required": ["approved", "size"],
                "$defs": {"S": {"enum": ["small", "large"]}},
            },
            "--set approved=true --set size=small",
        ),
        ({"properties": {"count": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}}, "--set count=1"),
        ({"properties": {}}, "--input '{}'"),
    ],
)
def test_the_options_that_answer_are_told_with_examples(schema: object, options: str) -> None:
    assert answers.options(schema) == options
