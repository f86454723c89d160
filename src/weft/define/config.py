"""The typed config of a step: values from arguments, environment, files and defaults, checked by its pydantic model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from weft.define import sources

if TYPE_CHECKING:
    import pydantic

Model = TypeVar("Model", bound="pydantic.BaseModel")


def resolve_config(
    model: type[Model],
    *,
    step: str,
    files: Iterable[sources.File] = (),
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
    defaults: Mapping[str, object] | None = None,
) -> Model:
    """Make the config of a step.

    A field is taken from the first of these that has it: `overrides`, the variable `WEFT_CONFIG__<STEP>__<FIELD>`, the
    table `[config.<step>]` of a file (an earlier file first), `defaults`, the model's own default.

    Args:
        model: the config's pydantic model.
        step: the step's key.
        files: files of values, the strongest first.
        environ: the environment.
        overrides: what this run was given.
        defaults: what the step's definition gives (`config=`).

    Raises:
        ConfigurationError: with everything that is missing, unknown or wrong; no secret is in it.
    """
    environ = environ or {}
    fields = {name: field.annotation for name, field in model.model_fields.items()}
    variable = sources.variable_name(sources.CONFIG_VARIABLE, step, "<field>")
    made, _ = sources.validated(
        model,
        (
            _given(overrides, "the arguments"),
            sources.from_environment(sources.CONFIG_VARIABLE, step, fields, environ, secret=False),
            *(file.values("config", step) for file in files),
            _given(defaults, "config= of its definition"),
        ),
        environ,
        subject=f"The config of {step!r}",
        where=f'Give it as config={{"field": …}}, as {variable}, or under {_table(step)} in weft.toml.',
    )
    assert isinstance(made, model)
    return made


def _given(values: Mapping[str, object] | None, source: str) -> dict[str, sources.Given]:
    return {name: sources.Given(value=value, source=source) for name, value in (values or {}).items()}


def _table(step: str) -> str:
    return f"[config.{step}]" if step.replace("_", "").replace("-", "").isalnum() else f'[config."{step}"]'
