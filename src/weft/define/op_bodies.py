"""What runs of an op: its function, with inputs and outputs checked, and several outputs told apart."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from weft.define import outputs, signals, signatures, task_context
from weft.model import errors


class Nothing:
    """The type of an input that is only waited for."""


@dataclass(frozen=True, slots=True)
class In:
    """An input of an op: the type of its value, and what it is."""

    dagster_type: Any = Any
    description: str = ""


@dataclass(frozen=True, slots=True)
class Out:
    """An output of an op: the type of its value, and what it is. One that is not required may be missing."""

    dagster_type: Any = Any
    description: str = ""
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class DynamicOut(Out):
    """An output with as many elements as a run finds; the function yields a `DynamicOutput` for each."""


@dataclass(frozen=True, slots=True)
class DynamicOutput:
    """One element of a dynamic output."""

    value: Any
    mapping_key: str
    """Names it; unique within the output."""
    output_name: str = "result"


class OpBody:
    """An op's function with its inputs and outputs checked. What the function returns becomes the op's value.

    Of one output it is the value, of several a mapping of those that are not pushed under their names; a dynamic
    output is the list of its elements.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        ins: Mapping[str, In],
        outs: Mapping[str, Out],
        config: tuple[str, Any] | None,
    ) -> None:
        self.name = name
        self.function = function
        self.ins = ins
        self.outs = outs
        self.config = config
        functools.update_wrapper(self, function)
        signature = inspect.signature(function)
        kept = [each for each in signature.parameters.values() if config is None or each.name != config[0]]
        self.__signature__ = signature.replace(parameters=kept)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function.

        Raises:
            Fail: an input or output has the wrong type, or an output is missing or unknown.
        """
        if self.ins:
            given = self.__signature__.bind_partial(*args, **kwargs).arguments
            for each, port in self.ins.items():
                if each in given:
                    self._check(given[each], port.dagster_type, f"input {each!r}")
        if self.config is not None:
            bound = self.__signature__.bind(*args, **kwargs)
            args, kwargs = (), {**bound.arguments, self.config[0]: self.config[1]}
        returned = self.function(*args, **kwargs)
        if inspect.iscoroutine(returned):
            return self._later(returned)
        return self._results(returned)

    async def _later(self, coroutine: Any) -> Any:
        return self._results(await coroutine)

    def _results(self, returned: Any) -> Any:
        found = self._by_name(returned)
        for each, port in self.outs.items():
            if isinstance(port, DynamicOut):
                found[each] = self._elements(each, found.get(each, []))
        for each in found:
            if each not in self.outs:
                raise signals.Fail(f"The op {self.name!r} gave {each!r}; its outputs are {', '.join(self.outs)}.")
        for each, port in self.outs.items():
            if each in found:
                self._check_output(each, found[each], port)
            elif port.is_required:
                raise signals.Fail(f"The op {self.name!r} gave no output {each!r}.")
        if len(self.outs) == 1:
            return next(iter(found.values()), None)
        context = task_context.current.get()
        if context is None:
            return found
        for each, value in found.items():
            context.push(each, value)
        return None

    def _by_name(self, returned: Any) -> dict[str, Any]:
        """The outputs by name: of a generator, a mapping, a tuple in order, or the one value."""
        names = list(self.outs)
        if inspect.isgenerator(returned):
            return self._yielded(returned)
        if len(names) == 1:
            if isinstance(returned, outputs.Output):
                returned = returned.value
            elif isinstance(returned, list) and returned and isinstance(returned[0], DynamicOutput):
                return self._yielded(returned)
            return {names[0]: returned}
        if isinstance(returned, Mapping):
            return dict(returned)
        if isinstance(returned, tuple) and len(returned) == len(names):
            values = [each.value if isinstance(each, outputs.Output) else each for each in returned]
            return dict(zip(names, values, strict=True))
        if isinstance(returned, list):
            return self._yielded(returned)
        raise signals.Fail(
            f"The op {self.name!r} has the outputs {', '.join(names)}, and returned a {type(returned).__name__}: "
            "return a tuple in their order or a mapping by name, or yield them."
        )

    def _yielded(self, given: Iterable[Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        only = next(iter(self.outs)) if len(self.outs) == 1 else None
        for each in given:
            if isinstance(each, DynamicOutput):
                name = only if only is not None and each.output_name == "result" else each.output_name
                elements = found.setdefault(name, {})
                if each.mapping_key in elements:
                    raise signals.Fail(f"The op {self.name!r} gave two elements the key {each.mapping_key!r}.")
                elements[each.mapping_key] = each.value
            elif isinstance(each, outputs.Output):
                wanted = str(each.asset) if each.asset is not None else only
                if wanted is None:
                    raise signals.Fail(
                        f'The op {self.name!r} yielded an Output without its name: Output(…, asset="…").'
                    )
                found[wanted] = each.value
            else:
                raise signals.Fail(f"The op {self.name!r} yielded {each!r}, which is no Output.")
        return found

    def _elements(self, name: str, given: Any) -> list[Any]:
        if isinstance(given, dict):
            return list(given.values())
        if isinstance(given, (list, tuple)):
            return list(given)
        raise signals.Fail(f"The op {self.name!r} gave {type(given).__name__} for its dynamic output {name!r}.")

    def _check_output(self, name: str, value: Any, port: Out) -> None:
        if isinstance(port, DynamicOut):
            for each in value:
                self._check(each, port.dagster_type, f"an element of the output {name!r}")
        else:
            self._check(value, port.dagster_type, f"output {name!r}")

    def _check(self, value: Any, wanted: Any, what: str) -> None:
        if wanted is Any or wanted is Nothing:
            return
        from weft.storage import type_checks

        try:
            type_checks.check_value(value, wanted)
        except errors.WeftError as error:
            raise signals.Fail(f"The op {self.name!r}, {what}: {error.message}") from error


def body_of(
    name: str, function: Callable[..., Any], ins: Mapping[str, In], outs: Mapping[str, Out], config: Any
) -> Callable[..., Any]:
    """Return what runs: the function itself, where there is nothing to be checked or told apart.

    Raises:
        UsageError: the values of the config are wrong, or nothing takes them.
    """
    filled = _config_of(name, function, config)
    outs = outs or _returned(function)
    if not outs and not filled and all(each.dagster_type in (Any, Nothing) for each in ins.values()):
        return function
    return OpBody(name, function, ins, outs or {"result": Out()}, filled)


def _returned(function: Callable[..., Any]) -> Mapping[str, Out]:
    """The one output as the annotation of what is returned says it; none where that says nothing of the value."""
    wanted = signatures.annotations_of(function).get("return", Any)
    told = typing.get_origin(wanted) or wanted
    if wanted is Any or wanted is type(None) or told in (outputs.Output, DynamicOutput):
        return {}
    if DynamicOutput in typing.get_args(wanted) or getattr(told, "__module__", "") == "collections.abc":
        return {}  # elements, or what is used up while they are made
    return {"result": Out(wanted)} if isinstance(told, type) or told is typing.Union else {}


def _config_of(name: str, function: Callable[..., Any], config: Any) -> tuple[str, Any] | None:
    annotation = signatures.annotations_of(function).get("config")
    if annotation is None or not signatures.is_model(annotation):
        if config is not None:
            raise errors.UsageError(
                f"The op {name!r} was given config=, but has no parameter `config` with a pydantic model.",
                remedy="Write `config: Model` among its parameters.",
            )
        return None
    import pydantic

    try:
        return "config", config if isinstance(config, annotation) else annotation.model_validate(config or {})
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(each) for each in first["loc"])
        raise errors.UsageError(
            f"The op {name!r}: its config is wrong at {place!r}: {first['msg']}.", remedy="Correct config=."
        ) from error
