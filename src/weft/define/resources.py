"""Resources: objects that bodies are given, with typed fields and values from arguments, environment and files.

An instance that stands in a module is a recipe: its values may be `EnvVar`s, and files may add to it. `resolve` makes
the instance that a body gets, in the process that runs the body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import pydantic

from weft.define import sources


class Resource(pydantic.BaseModel):
    """An object that bodies are given. Subclass it with typed fields; override `setup` and `teardown` where needed.

    A value may be `EnvVar("NAME")`. Values that come from the environment, and those of the type `pydantic.SecretStr`,
    are never shown.
    """

    model_config = pydantic.ConfigDict(
        arbitrary_types_allowed=True, extra="forbid", hide_input_in_errors=True, ignored_types=(property,)
    )

    _given: dict[str, Any] | None = pydantic.PrivateAttr(default=None)
    """The arguments, where some of them stand for variables: the instance has no checked values then."""
    _hidden: frozenset[str] = pydantic.PrivateAttr(default=frozenset())
    """Fields whose values are never shown."""

    _own: ClassVar[frozenset[str]] = frozenset({"_given", "_hidden"})

    def __init__(self, **values: Any) -> None:
        """Check the values, unless some of them are known only where the body runs."""
        if not any(sources.holds_variable(each) for each in values.values()):
            super().__init__(**values)
            return
        unknown = values.keys() - sources.field_names(type(self)).keys()
        if unknown:
            super().__init__(**values)  # raises: no such field
        recipe = type(self).model_construct(**values)
        object.__setattr__(self, "__dict__", recipe.__dict__)
        object.__setattr__(self, "__pydantic_fields_set__", recipe.__pydantic_fields_set__)
        object.__setattr__(self, "__pydantic_extra__", None)
        object.__setattr__(self, "__pydantic_private__", {"_given": dict(values), "_hidden": frozenset()})

    def setup(self) -> object:
        """Get ready, in the process that runs bodies, before the first one; what it returns is what they get."""
        return None

    def teardown(self) -> None:
        """Give back what `setup` took, after the last body of the process."""

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, sources.MASK if name in self._hidden else value

    def __str__(self) -> str:
        return repr(self)


def resolve(
    resource: object,
    *,
    name: str,
    files: Iterable[sources.File] = (),
    environ: Mapping[str, str] | None = None,
) -> object:
    """Return the object that bodies get for a resource; its `setup` is not called.

    A field is taken from the first of these that has it: the arguments, the variable `WEFT_RESOURCES__<NAME>__<FIELD>`,
    the table `[resources.<name>]` of a file (an earlier file first), the class's own default. What is no `Resource`
    stays as it is.

    Args:
        resource: an object; a `Resource`, or a subclass of it, whose values all come from elsewhere.
        name: the resource's name.
        files: files of values, the strongest first.
        environ: the environment.

    Raises:
        ConfigurationError: with everything that is missing, unknown or wrong; no secret is in it.
    """
    if isinstance(resource, type) and issubclass(resource, Resource):
        model, arguments, instance = resource, dict[str, Any](), None
    elif isinstance(resource, Resource):
        model, arguments, instance = type(resource), _arguments_of(resource), resource
    else:
        return resource
    environ = environ or {}
    fields = {field: each.annotation for field, each in model.model_fields.items()}
    elsewhere = (
        sources.from_environment(sources.RESOURCE_VARIABLE, name, fields, environ, secret=True),
        *(file.values("resources", name) for file in files),
    )
    defaults = {
        field: sources.Given(value=each.default, source="its default")
        for field, each in model.model_fields.items()
        if sources.holds_variable(each.default)
    }
    if instance is not None and instance._given is None and not any(elsewhere) and not defaults:
        return instance
    given = {field: sources.Given(value=value, source="the arguments") for field, value in arguments.items()}
    variable = sources.variable_name(sources.RESOURCE_VARIABLE, name, "<field>")
    made, hidden = sources.validated(
        model,
        (given, *elsewhere, defaults),
        environ,
        subject=f"The resource {name!r}",
        where=f"Give it as an argument, as EnvVar, as {variable}, or under [resources.{name}] in weft.toml.",
    )
    assert isinstance(made, Resource)
    made._hidden = hidden
    return made


def resolve_all(
    resources: Mapping[str, object], *, files: Iterable[sources.File] = (), environ: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Resolve several resources by name; ConfigurationError with what is wrong with any of them."""
    files = tuple(files)
    made: dict[str, object] = {}
    problems: list[Any] = []
    for name, each in resources.items():
        try:
            made[name] = resolve(each, name=name, files=files, environ=environ)
        except sources.ConfigurationError as error:
            problems.extend(error.diagnostics)
    if problems:
        raise sources.ConfigurationError(problems)
    return made


def _arguments_of(resource: Resource) -> dict[str, Any]:
    if resource._given is not None:
        return resource._given
    return {name: getattr(resource, name) for name in resource.model_fields_set}


def secret_values(resources: Iterable[object]) -> set[str]:
    """Return the texts to mask in logs: secrets in resources and configs, also within models, lists and mappings.

    Give it what `resolve` and `resolve_config` returned.
    """
    found: set[str] = set()
    for each in resources:
        _gather(each, found, secret=False)
    found.discard("")
    return found


def _gather(value: object, found: set[str], *, secret: bool) -> None:
    match value:
        case pydantic.SecretStr():
            found.add(value.get_secret_value())
        case pydantic.SecretBytes():
            found.add(value.get_secret_value().decode("utf-8", "replace"))
        case pydantic.BaseModel():
            hidden = value._hidden if isinstance(value, Resource) else frozenset()
            for name in type(value).model_fields:
                _gather(getattr(value, name, None), found, secret=secret or name in hidden)
        case Mapping():
            for each in value.values():
                _gather(each, found, secret=secret)
        case str():
            if secret:
                found.add(value)
        case Sequence() | set() | frozenset() if not isinstance(value, (bytes, bytearray)):
            for each in value:
                _gather(each, found, secret=secret)
        case _ if secret and value is not None and not isinstance(value, bool):
            found.add(str(value))
        case _:
            return
