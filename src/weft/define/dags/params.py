"""Parameters of runs: `Param`, their JSON schema, and the pydantic model that they are validated by."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union

from weft.define import signatures
from weft.model import errors, spelling

_ABSENT: Any = object()

_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": None,
}
_BOUNDS = {
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "pattern": "pattern",
}
_SHOWN = frozenset({"title", "description", "examples"})
_KNOWN = frozenset({"type", "enum", "const", "items", "format", "section", "values_display", *_BOUNDS, *_SHOWN})


@dataclass(frozen=True, slots=True, init=False)
class Param:
    """A parameter of a DAG: its default, and what a value must be, in the words of JSON schema.

    `Param("2024-01-15", type="string", format="date", description="…")`, `Param(3, type="integer", minimum=1)`;
    without a default a run must give it. `type` may be a list, such as ["string", "null"].
    """

    default: Any
    schema: Mapping[str, Any]

    def __init__(self, default: Any = _ABSENT, **schema: Any) -> None:
        """Keep the default and the schema.

        Raises:
            UsageError: a word of the schema is unknown, or the type is.
        """
        for name in schema:
            if name not in _KNOWN:
                raise errors.UsageError(
                    f"Param has no argument {name!r}.",
                    remedy=spelling.did_you_mean(name, _KNOWN) or f"It has: {', '.join(sorted(_KNOWN))}.",
                )
        for each in _listed(schema.get("type")):
            if each not in _TYPES:
                raise errors.UsageError(
                    f"Param(type={each!r}) is no type of JSON schema.", remedy=f"They are: {', '.join(_TYPES)}."
                )
        object.__setattr__(self, "default", default)
        object.__setattr__(self, "schema", schema)

    @property
    def required(self) -> bool:
        """Whether a run must give it."""
        return self.default is _ABSENT


@dataclass(frozen=True, slots=True)
class FunctionParam:
    """A parameter of the function of `@dag`: its annotation, its default, and the schema that a `Param` gives it."""

    annotation: Any
    default: Any
    schema: Mapping[str, Any] = field(default_factory=dict)


def of_flow(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a flow's function; a type that JSON doesn't have accepts whatever is given.

    A flow may also be called with what no command line can say, such as a table.
    """
    import pydantic

    found: dict[str, Any] = {}
    annotations = signatures.annotations_of(function)
    for name, each in inspect.signature(function).parameters.items():
        if each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL):
            continue
        default = _ABSENT if each.default is each.empty else each.default
        default, annotation = given.get(name, default), annotations.get(name, Any)
        try:
            pydantic.TypeAdapter(annotation).json_schema()
            if default is not _ABSENT:
                json.dumps(pydantic.TypeAdapter(Any).dump_python(default, mode="json"))
        except (
            pydantic.errors.PydanticUserError,
            pydantic.errors.PydanticSchemaGenerationError,
            TypeError,
            ValueError,
        ):
            annotation, default = Any, _ABSENT if default is _ABSENT else None
        found[name] = FunctionParam(annotation, default)
    return found


def of_function(
    function: Callable[..., Any], given: Mapping[str, Any], declared: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the parameters of a function by name.

    Args:
        function: the function of `@dag`.
        given: values that a call gave, which go before all other defaults.
        declared: what `params=` says; of a name that the function has as well, its default goes before the function's,
            and its schema holds.

    Raises:
        UsageError: it takes `*args` or `**kwargs`, which are no parameters of a run.
    """
    declared = declared or {}
    found: dict[str, Any] = {}
    annotations = signatures.annotations_of(function)
    for name, each in inspect.signature(function).parameters.items():
        if each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL):
            raise errors.UsageError(
                f"The function {function.__name__!r} takes {_starred(each)}, which names no parameter of a run.",
                remedy="Name each parameter.",
            )
        defaults = [given.get(name, _ABSENT)]
        schema: dict[str, Any] = {}
        for said in (declared.get(name, _ABSENT), _ABSENT if each.default is each.empty else each.default):
            if isinstance(said, Param):
                defaults.append(said.default)
                schema = {**said.schema, **schema}
            else:
                defaults.append(said)
        default = next((one for one in defaults if one is not _ABSENT), _ABSENT)
        found[name] = FunctionParam(annotations.get(name, Any), default, schema)
    return found


def model_of(name: str, params: Mapping[str, Any]) -> Any:
    """Return the pydantic model of parameters; None where there are none.

    Args:
        name: of the pipeline, for messages.
        params: `Param`s, parameters of a function, or plain defaults, by name.

    Raises:
        UsageError: a default doesn't fit its own schema, or a pattern or annotation can't be used.
    """
    if not params:
        return None
    import pydantic

    fields: dict[str, Any] = {}
    for each, param in params.items():
        if each.startswith("_") or hasattr(pydantic.BaseModel, each):
            raise errors.UsageError(
                f"The pipeline {name!r} can't have a parameter {each!r}.", remedy="Give it another name."
            )
        fields[each] = _field(param)
    title = "".join(part for part in re.split(r"\W+", name) if part) or "Params"
    try:
        made = pydantic.create_model(
            title, __config__=pydantic.ConfigDict(extra="forbid", arbitrary_types_allowed=False), **fields
        )
    except pydantic.errors.PydanticUserError as error:
        raise errors.UsageError(
            f"The parameters of the pipeline {name!r} can't be read from text: {str(error).splitlines()[0]}",
            remedy="Annotate them with types that JSON has: str, int, float, bool, date, list, dict, a pydantic model.",
        ) from error
    _check_defaults(name, made, params)
    return made


def schema_of(model: Any) -> str:
    """Return the JSON schema of parameters.

    Raises:
        UsageError: a default can't be written as JSON.
    """
    if model is None:
        return "{}"
    import warnings

    import pydantic

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return json.dumps(model.model_json_schema())
        except (pydantic.errors.PydanticUserError, UserWarning, TypeError, ValueError) as error:
            raise errors.UsageError(
                f"The parameters can't be written as JSON schema: {str(error).splitlines()[0]}",
                remedy="Give them annotations and defaults that JSON has.",
            ) from error


def _field(param: Any) -> tuple[Any, Any]:
    import pydantic

    if isinstance(param, FunctionParam) and not param.schema:
        return param.annotation, ... if param.default is _ABSENT else param.default
    if isinstance(param, (Param, FunctionParam)):
        shown = {each: param.schema[each] for each in _SHOWN if each in param.schema}
        extra = {each: param.schema[each] for each in ("section", "values_display") if each in param.schema}
        default = ... if param.default is _ABSENT else param.default
        info = pydantic.Field(default, validate_default=False, json_schema_extra=extra or None, **shown)
        return _type_of(param.schema, getattr(param, "annotation", Any)), info
    inferred = type(param) if type(param) in (bool, int, float, str, list, dict) else Any
    return inferred, param


def _type_of(schema: Mapping[str, Any], otherwise: Any = Any) -> Any:
    """Return the type that a schema says, with its bounds; `otherwise` is of one that says bounds alone."""
    import pydantic

    if "const" in schema:
        return Literal[schema["const"]]
    if "enum" in schema:
        return Literal[tuple(schema["enum"])]
    kinds = _listed(schema.get("type"))
    found: Any = otherwise if not kinds else Union[tuple(_TYPES[each] for each in kinds)]  # noqa: UP007
    if "items" in schema and "array" in kinds:
        elements: Any = list.__class_getitem__(_type_of(schema["items"]))
        found = Union[tuple(elements if each == "array" else _TYPES[each] for each in kinds)]  # noqa: UP007
    bounds = {ours: schema[theirs] for theirs, ours in _BOUNDS.items() if theirs in schema}
    if bounds:
        found = Annotated[found, pydantic.Field(**bounds)]
    form = schema.get("format")
    if form is not None:
        found = Annotated[found, pydantic.AfterValidator(_checker(form)), pydantic.WithJsonSchema(_plain(schema, form))]
    return found


def _plain(schema: Mapping[str, Any], form: str) -> dict[str, Any]:
    return {"type": "string", **{name: value for name, value in schema.items() if name not in _SHOWN}, "format": form}


def _checker(form: str) -> Callable[[Any], Any]:
    from datetime import date, datetime, time

    readers: dict[str, Callable[[str], object]] = {
        "date": date.fromisoformat,
        "date-time": datetime.fromisoformat,
        "time": time.fromisoformat,
    }
    read = readers.get(form)

    def check(value: Any) -> Any:
        if read is not None and isinstance(value, str) and "{{" not in value:
            try:
                read(value)
            except ValueError as error:
                raise ValueError(f"{value!r} is no {form} such as {_EXAMPLES[form]!r}") from error
        return value

    return check


_EXAMPLES = {"date": "2024-01-15", "date-time": "2024-01-15T06:00:00", "time": "06:00:00"}


def _check_defaults(name: str, model: Any, params: Mapping[str, Any]) -> None:
    import pydantic

    for each, param in params.items():
        default = getattr(param, "default", param) if isinstance(param, (Param, FunctionParam)) else param
        # A template is filled in when a run is created; a None says that there is none unless given.
        if default is _ABSENT or default is None or (isinstance(default, str) and "{{" in default):
            continue
        annotation = model.model_fields[each].rebuild_annotation()
        try:
            pydantic.TypeAdapter(annotation).validate_python(default)
        except pydantic.ValidationError as error:
            raise errors.UsageError(
                f"The parameter {each!r} of the pipeline {name!r} has the default {default!r}: "
                f"{error.errors()[0]['msg']}.",
                remedy="Make default and type agree.",
            ) from error


def _starred(parameter: inspect.Parameter) -> str:
    return ("*" if parameter.kind is parameter.VAR_POSITIONAL else "**") + parameter.name


def _listed(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)
