"""The parameters of a pipeline's run: text made into values by their types, everything wrong told at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from weft.define import bodies
from weft.model import errors, pipelines, spelling
from weft.service.pipeline import schemas

_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def schema_of(pipeline: pipelines.Pipeline) -> Mapping[str, Mapping[str, Any]]:
    """The JSON schema of each parameter, by name."""
    found: Mapping[str, Mapping[str, Any]] = json.loads(pipeline.params or "{}").get("properties", {})
    return found


def required_of(pipeline: pipelines.Pipeline) -> list[str]:
    """The names of parameters without a default."""
    return list(json.loads(pipeline.params or "{}").get("required", ()))


def of_texts(pipeline: pipelines.Pipeline, pairs: Iterable[str], given: str | None = None) -> dict[str, object]:
    """Parameters as a command line gives them: `name=value` texts, over a JSON object.

    A text becomes what the parameter's type says: a number, a truth, a list or object written as JSON.

    Raises:
        UsageError: a text has no "=", the JSON is none, or is no object.
    """
    return of_json(given) | of_mapping(pipeline, texts_of(pairs))


def of_json(given: str | None) -> dict[str, object]:
    """Parameters that a command line gives as a JSON object.

    Raises:
        UsageError: it is no JSON, or no object.
    """
    found: dict[str, object] = {}
    if given is not None:
        try:
            loaded = json.loads(given)
        except ValueError as error:
            raise errors.UsageError(
                f"--params-json is no JSON: {error}.", remedy="""Write an object: --params-json '{"name": "value"}'."""
            ) from error
        if not isinstance(loaded, dict):
            raise errors.UsageError(
                f"--params-json is {given!r}, which is no object.",
                remedy="""Write names and values: --params-json '{"name": "value"}'.""",
            )
        found.update(loaded)
    return found


def texts_of(pairs: Iterable[str]) -> dict[str, str]:
    """The parameters of `name=value` texts, still as text.

    Raises:
        UsageError: a text has no "=".
    """
    found = {}
    for text in pairs:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise errors.UsageError(
                f"--param {text!r} does not say which parameter has which value.", remedy="Write --param NAME=VALUE."
            )
        found[name.strip()] = value
    return found


def of_mapping(pipeline: pipelines.Pipeline, texts: Mapping[str, str]) -> dict[str, object]:
    """Parameters that are given as text, each as a value of its type."""
    schema = schema_of(pipeline)
    return {name: _typed(value, schema.get(name, {})) for name, value in texts.items()}


def _typed(text: str, schema: Mapping[str, Any]) -> object:
    """A text as a value of the type that a schema asks for; the text itself where it is none: validation tells."""
    types = _types(schema)
    if not types or "string" in types:
        if "null" in types and text in ("null", "None"):
            return None
        return text
    if "boolean" in types and text.lower() in _TRUTHS:
        return _TRUTHS[text.lower()]
    try:
        return json.loads(text)
    except ValueError:
        return text


def _types(schema: Mapping[str, Any]) -> set[str]:
    found = schema.get("type")
    types = {found} if isinstance(found, str) else set(found or ())
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        types |= _types(each)
    return types


def _is_unwritable(pipeline: pipelines.Pipeline, schema: Mapping[str, Any]) -> bool:
    """Whether the default of a flow's parameter is a value that JSON lacks; the flow itself fills it in."""
    return pipeline.kind == "flow" and schema.get("default") is None and not _types(schema) and "$ref" not in schema


def validated(
    pipeline: pipelines.Pipeline, body: bodies.PipelineBody | None, given: Mapping[str, object]
) -> dict[str, Any]:
    """The parameters of a run with defaults filled in, as JSON values.

    Raises:
        FieldsError: a parameter is unknown, missing or wrong; all of them at once.
    """
    schema = schema_of(pipeline)
    problems = []
    fields: list[tuple[str, object, str]] = []
    for name in (each for each in given if each not in schema):
        near = spelling.did_you_mean(name, schema)
        problems.append(f"there is no parameter {name!r}" + (f" ({near})" if near else ""))
        fields.append((name, given[name], "there is no such parameter" + (f" ({near})" if near else "")))
    missing = [name for name in required_of(pipeline) if name not in given]
    problems += [f"{name!r} is missing" for name in missing]
    fields += [(name, None, "is missing") for name in missing]
    wrong: list[tuple[str, object, str]] = []
    values = {name: value for name, value in given.items() if name in schema}
    model = body.params if body is not None else None
    found: dict[str, Any] = {
        name: values.get(name, each.get("default"))
        for name, each in schema.items()
        if name in values or ("default" in each and not _is_unwritable(pipeline, each))
    }
    if model is not None:
        import pydantic

        try:
            found = model.model_validate(values).model_dump(mode="json", by_alias=True)
        except pydantic.ValidationError as error:
            for each in error.errors(include_url=False):
                place = ".".join(str(part) for part in each["loc"])
                if each["type"] in ("missing", "extra_forbidden"):
                    continue  # told above, in our words
                wrong.append((place, each["input"], each["msg"][:1].lower() + each["msg"][1:]))
    elif values:
        wrong += schemas.problems_with(pipeline.params, values)
    problems += [f"{place!r} is {value!r}: {problem}" for place, value, problem in wrong]
    if problems:
        known = f"It has: {', '.join(schema)}." if schema else "It has no parameters."
        raise errors.FieldsError(
            f"The parameters of {pipeline.name} are wrong: {'; '.join(problems)}.",
            remedy=f"{known} `weft pipelines {pipeline.name}` shows them.",
            fields=tuple((f"params.{place}", value, problem) for place, value, problem in (*fields, *wrong)),
        )
    return found
