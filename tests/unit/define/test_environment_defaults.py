"""A variable of the environment may be the default of a resource's field."""

from __future__ import annotations

import pytest

import weft
from weft.define import resources, sources


class Api(weft.Resource):
    token: str = weft.EnvVar("TOKEN")
    size: int = 10


def test_a_variable_as_the_default_of_a_field_is_resolved() -> None:
    found = resources.resolve(Api(), name="api", environ={"TOKEN": "abc-def"})
    assert isinstance(found, Api)
    assert (found.token, found.size) == ("abc-def", 10)
    assert "abc-def" not in repr(found)


def test_a_missing_variable_of_a_default_is_told_with_its_field() -> None:
    with pytest.raises(sources.ConfigurationError, match="TOKEN, which is not set"):
        resources.resolve(Api(), name="api", environ={})
