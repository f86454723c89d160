"""Where the values of resources and configs come from: arguments, environment, files and defaults, in this order.

A value keeps where it came from until it is valid, so that an error can say it, and whether it may be shown.
"""

from __future__ import annotations

import json
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.model import diagnostics, errors, spelling

CONFIG_VARIABLE = "WEFT_CONFIG"
"""A field of a step's config: `WEFT_CONFIG__<STEP>__<FIELD>`, letters upper-case, all else in the step's key as `_`."""
RESOURCE_VARIABLE = "WEFT_RESOURCES"
"""A field of a resource: `WEFT_RESOURCES__<NAME>__<FIELD>`."""
MASK = "**********"


if TYPE_CHECKING:

    def EnvVar(name: str, *, default: str | None = None) -> Any:  # noqa: N802 - it stands for the class below
        """Stand for the value of an environment variable, read in the process that runs the body."""

else:

    @dataclass(frozen=True, slots=True)
    class EnvVar:
        """Stands for the value of an environment variable, read in the process that runs the body.

        The value is a secret: it is never shown. `default` is used where the variable is not set.
        """

        name: str
        default: str | None = None

        def __init__(self, name: str, *, default: str | None = None) -> None:
            object.__setattr__(self, "name", name)
            object.__setattr__(self, "default", default)

        def __repr__(self) -> str:
            return f"EnvVar({self.name!r})"


class ConfigurationError(diagnostics.DefinitionsError):
    """Values of a resource or config that are missing or wrong, all of them at once."""

    code = "configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One value with where it came from, in words; a `secret` one is never shown."""

    value: object
    source: str
    secret: bool = False


def variable_name(kind: str, owner: str, field: str) -> str:
    """Return the name of the environment variable that gives a field."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in owner)
    return f"{kind}__{plain}__{field}".upper()


def from_environment(
    kind: str, owner: str, fields: Mapping[str, Any], environ: Mapping[str, str], *, secret: bool
) -> dict[str, Given]:
    """Return the fields that the environment gives, lists and mappings being JSON; `secret` ones are never shown."""
    found: dict[str, Given] = {}
    for field, annotation in fields.items():
        name = variable_name(kind, owner, field)
        if name in environ:
            found[field] = Given(value=_typed(environ[name], annotation), source=f"the variable {name}", secret=secret)
    return found


def _typed(text: str, annotation: Any) -> object:
    """Read lists and mappings as JSON; pydantic makes numbers and the like of text by itself."""
    if annotation is str or not text.lstrip().startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def resolve_variables(
    given: Mapping[str, Given], environ: Mapping[str, str], *, subject: str
) -> tuple[dict[str, Given], list[diagnostics.Diagnostic]]:
    """Replace each `EnvVar`, also within lists and mappings, by its value; tell which variables are not set."""
    problems: list[diagnostics.Diagnostic] = []
    resolved: dict[str, Given] = {}
    for field, each in given.items():
        names: list[str] = []
        missing: list[str] = []
        value = _without_variables(each.value, environ, names, missing)
        problems.extend(
            diagnostics.Diagnostic(
                code="missing-variable",
                message=f"{subject} takes its field {field!r} from the environment variable {name}, which is not set.",
                remedy=f"Set {name} where the body runs, or give EnvVar({name!r}, default=…).",
            )
            for name in missing
        )
        if missing:
            continue
        source = f"the variable {', '.join(names)}" if names else each.source
        resolved[field] = Given(value=value, source=source, secret=each.secret or bool(names))
    return resolved, problems


def _without_variables(value: Any, environ: Mapping[str, str], names: list[str], missing: list[str]) -> Any:
    if isinstance(value, EnvVar):  # type: ignore[arg-type]
        names.append(value.name)
        found = environ.get(value.name, value.default)
        if found is None:
            missing.append(value.name)
        return found
    if isinstance(value, Mapping):
        return {name: _without_variables(each, environ, names, missing) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_without_variables(each, environ, names, missing) for each in value)
    return value


def holds_variable(value: object) -> bool:
    """Tell whether a value is an `EnvVar`, or has one within its lists and mappings."""
    if isinstance(value, EnvVar):  # type: ignore[arg-type]
        return True
    if isinstance(value, Mapping):
        return any(holds_variable(each) for each in value.values())
    return isinstance(value, (list, tuple)) and any(holds_variable(each) for each in value)


def validated(
    model: type[Any],
    layers: tuple[Mapping[str, Given], ...],
    environ: Mapping[str, str],
    *,
    subject: str,
    where: str,
) -> tuple[Any, frozenset[str]]:
    """Make a model of layers of values, the strongest first, and tell which of its fields must never be shown.

    Args:
        model: a pydantic model.
        layers: values by field, each with its source.
        environ: for the variables that values stand for.
        subject: what is made, for messages: "The resource 'db'".
        where: where a field that is missing may be given, for messages.

    Raises:
        ConfigurationError: with everything that is missing, unknown or wrong; no secret is in it.
    """
    import pydantic

    merged: dict[str, Given] = {}
    for layer in reversed(layers):
        merged.update(layer)
    resolved, problems = resolve_variables(merged, environ, subject=subject)
    unset = merged.keys() - resolved.keys()
    fields = field_names(model)
    for name in merged:
        if name not in fields and model.model_config.get("extra") != "allow":
            near = spelling.did_you_mean(name, fields)
            listed = f"It has: {', '.join(sorted(fields))}." if fields else "It has none."
            problems.append(
                diagnostics.Diagnostic(
                    code="unknown-field",
                    message=f"{subject} has no field {name!r}, which {merged[name].source} gives.",
                    remedy=f"{near} {listed}" if near else listed,
                )
            )
    made = None
    try:
        made = model.model_validate({name: each.value for name, each in resolved.items() if name in fields})
    except pydantic.ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False):
            place = detail["loc"]
            if place and place[0] in unset:
                continue
            problems.append(_problem(model, detail, place, resolved, subject=subject, where=where))
    if problems:
        raise ConfigurationError(problems)
    return made, frozenset(fields[name] for name, each in resolved.items() if each.secret and name in fields)


def field_names(model: type[Any]) -> dict[str, str]:
    """Return the names under which a model takes its fields, its aliases among them, with the name of each field."""
    names = {name: name for name in model.model_fields}
    names.update({field.alias: name for name, field in model.model_fields.items() if field.alias})
    return names


def _problem(
    model: type[Any],
    detail: Any,
    place: tuple[int | str, ...],
    resolved: Mapping[str, Given],
    *,
    subject: str,
    where: str,
) -> diagnostics.Diagnostic:
    path = ".".join(str(each) for each in place)
    given = resolved.get(str(place[0])) if place else None
    if detail["type"] == "missing" and given is None:
        return diagnostics.Diagnostic(
            code="missing-field", message=f"{subject} needs a value for its field {path!r}.", remedy=where
        )
    hidden = given is None or given.secret or _is_secret(model, place)
    # A validator of the user's own may quote its input, so that only pydantic's own words are repeated about a secret.
    if hidden and detail["type"] in ("value_error", "assertion_error"):
        message = "the value is refused"
    else:
        message = str(detail["msg"])
    shown = "" if hidden else f" is {detail['input']!r}:"
    source = f" (from {given.source})" if given else ""
    name = f" field {path!r}" if path else "values"
    return diagnostics.Diagnostic(
        code="wrong-value",
        message=f"{subject}:{name}{shown or ' is wrong:'} {message}{source}.",
        remedy=f"Change it in {given.source}." if given else None,
    )


def _is_secret(model: type[Any], place: tuple[int | str, ...]) -> bool:
    """Tell whether the field that a place lies in has a secret anywhere: a whole mapping may be what is wrong."""
    field = model.model_fields.get(str(place[0])) if place else None
    return field is None or _has_secret(field.annotation, set())


def _has_secret(annotation: Any, seen: set[int]) -> bool:
    import pydantic

    if id(annotation) in seen:
        return False
    seen.add(id(annotation))
    if isinstance(annotation, type):
        if issubclass(annotation, (pydantic.SecretStr, pydantic.SecretBytes)):
            return True
        if issubclass(annotation, pydantic.BaseModel):
            return any(_has_secret(each.annotation, seen) for each in annotation.model_fields.values())
    return any(
        _has_secret(each, seen) for each in (typing.get_origin(annotation), *typing.get_args(annotation)) if each
    )


def read_file(path: Path) -> Mapping[str, Any]:
    """Return the values in a TOML, JSON or YAML file, by its suffix.

    Raises:
        UsageError: it can't be read, or isn't a mapping.
        MissingExtraError: it is YAML, and no package that reads it is installed.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = _parsed(path, text)
    except (OSError, ValueError) as error:
        # What a parser quotes may be a secret, so that only the place of the fault is told.
        reason = error.strerror if isinstance(error, OSError) else f"it is not valid {path.suffix[1:].upper()}"
        raise errors.UsageError(
            f"The file {str(path)!r} can't be read: {reason}.", remedy="Check the path and what is in it."
        ) from None
    if not isinstance(values, Mapping):
        raise errors.UsageError(f"The file {str(path)!r} has no fields with values.", remedy="Write `field = value`.")
    return values


def _parsed(path: Path, text: str) -> Any:
    match path.suffix:
        case ".toml":
            return tomllib.loads(text)
        case ".json":
            return json.loads(text)
        case ".yaml" | ".yml":
            try:
                import yaml  # type: ignore[import-untyped, unused-ignore]
            except ImportError:
                raise errors.MissingExtraError(
                    package="pyyaml", extra="yaml", purpose=f"Reading {path.name!r}"
                ) from None
            try:
                return yaml.safe_load(text)
            except yaml.YAMLError:
                raise ValueError from None
        case _:
            raise errors.UsageError(
                f"The file {str(path)!r} is neither TOML nor JSON nor YAML.",
                remedy="Give it the suffix .toml, .json or .yaml.",
            )


@dataclass(frozen=True, slots=True)
class File:
    """A file of values with what it says: `table` as `weft.toml` is, with `resources` and `config` in it."""

    name: str
    table: Mapping[str, Any]

    def values(self, kind: str, owner: str) -> dict[str, Given]:
        """Return the values in the table `[kind.owner]`.

        Raises:
            UsageError: there is something else in its place.
        """
        found = self.table.get(kind, {})
        # A key with slashes is one quoted name: [config."trading/prices"].
        found = found.get(owner, {}) if isinstance(found, Mapping) else found
        if not isinstance(found, Mapping):
            raise errors.UsageError(
                f"[{kind}.{owner}] in {self.name} is no table.", remedy=f"Write [{kind}.{owner}] and fields below it."
            )
        source = f"[{kind}.{owner}] in {self.name}"
        return {name: Given(value=value, source=source) for name, value in found.items()}


def read(path: Path) -> File:
    """Return a file of values; errors are those of `read_file`."""
    return File(path.name, read_file(path))
