"""Text made into parameters by their types, and dates into intervals."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from weft.model import errors, partitions, pipelines
from weft.service.pipeline import intervals, parameters

NOW = datetime(2024, 1, 6, 12, tzinfo=UTC)


def pipeline(properties=None, **given):
    schema = {"type": "object", "properties": properties or {}, "required": given.pop("required", [])}
    return pipelines.Pipeline(name="etl", kind="dag", params=json.dumps(schema), **given)


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "integer"}, "12", 12),
        ({"type": "number"}, "1.5", 1.5),
        ({"type": "number"}, "many", "many"),
        ({"type": "string"}, "12", "12"),
        ({"type": "string"}, "a=b", "a=b"),
        ({"type": "boolean"}, "yes", True),
        ({"type": "boolean"}, "False", False),
        ({"type": "array"}, '["a", 1]', ["a", 1]),
        ({"type": "object"}, '{"a": 1}', {"a": 1}),
        ({"type": ["string", "null"]}, "null", None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "null", None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "3", 3),
        ({}, "free", "free"),
    ],
)
def test_text_becomes_what_the_type_of_the_parameter_says(schema, text, value):
    assert parameters.of_texts(pipeline({"x": schema}), [f"x={text}"]) == {"x": value}


def test_single_parameters_go_before_the_object():
    one = pipeline({"x": {"type": "integer"}})
    assert parameters.of_texts(one, ["x=2"], '{"x": 1, "y": 3}') == {"x": 2, "y": 3}


def test_what_is_no_parameter_is_refused():
    with pytest.raises(errors.UsageError, match="does not say which parameter"):
        parameters.of_texts(pipeline(), ["x"])
    with pytest.raises(errors.UsageError, match="which is no object"):
        parameters.of_texts(pipeline(), [], "[1]")


def test_unknown_and_missing_parameters_are_told_together_and_defaults_filled_in():
    one = pipeline({"day": {"type": "string"}, "top": {"type": "integer", "default": 3}}, required=["day"])
    assert parameters.validated(one, None, {"day": "x"}) == {"day": "x", "top": 3}
    with pytest.raises(errors.UsageError, match=r"no parameter 'tpo' .*'top'.*; 'day' is missing"):
        parameters.validated(one, None, {"tpo": 1})


DAILY = pipeline(partitions=partitions.DailyPartitions(start_date="2024-01-01"))
HOURLY = pipeline(partitions=partitions.HourlyPartitions(start_date="2024-01-01"))


def test_an_interval_is_found_by_key_or_by_a_moment_within_it():
    assert intervals.resolve(DAILY, None, NOW) == "2024-01-05"
    assert intervals.resolve(DAILY, "2024-01-02", NOW) == "2024-01-02"
    assert intervals.resolve(DAILY, "2024-01-02T13:30", NOW) == "2024-01-02"
    found = intervals.resolve(HOURLY, "2024-01-02T13:30:00+00:00", NOW)
    start, end = intervals.bounds(HOURLY, found)
    assert datetime.fromtimestamp(start / 1e6, UTC) == datetime(2024, 1, 2, 13, tzinfo=UTC)
    assert end - start == 3_600_000_000


def test_an_interval_that_is_not_there_is_wrong_usage():
    with pytest.raises(errors.UsageError, match="2023-12-31"):
        intervals.resolve(DAILY, "2023-12-31", NOW)
    with pytest.raises(errors.UsageError, match="has no intervals"):
        intervals.resolve(pipeline(), "2024-01-01", NOW)
    with pytest.raises(errors.UsageError, match="No interval of etl has ended yet"):
        intervals.resolve(DAILY, None, datetime(2024, 1, 1, 6, tzinfo=UTC))


def test_the_interval_before_is_the_one_that_ended_last_before_it():
    assert intervals.before(DAILY, "2024-01-03", NOW) == "2024-01-02"
    assert intervals.before(DAILY, "2024-01-01", NOW) is None
