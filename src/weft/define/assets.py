"""`@asset`, `@multi_asset` and `@external_asset`: functions become definitions of what should exist.

A definition stays a plain function to call; it keeps what was said of it, and `build` makes sense of that.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, Unpack, cast, overload

from weft.define import options, specs
from weft.model import diagnostics, errors, keys

if TYPE_CHECKING:
    from weft.define import asset_conditions

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class StepDefinition(Generic[P, R_co]):
    """A function that makes assets, with all that was said of it. Calling it calls the function.

    `function` is the user's own function, `step_key` names the step, `outs` gives the spec of each output by its name,
    and `options` what else was said, as it was written.
    """

    __name__: str

    def __init__(
        self,
        function: Callable[P, R_co],
        *,
        step_key: str,
        outs: Mapping[str, specs.AssetSpec],
        given: Mapping[str, Any],
        location: diagnostics.SourceLocation | None,
    ) -> None:
        self.function = function
        self.step_key = step_key
        self.outs = outs
        self.options = given
        self.location = location
        self.__wrapped__ = function
        self.__name__ = getattr(function, "__name__", step_key)
        self.__qualname__ = getattr(function, "__qualname__", step_key)
        self.__module__ = getattr(function, "__module__", __name__)
        self.__doc__ = function.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.step_key!r}>"

    @property
    def keys(self) -> tuple[keys.AssetKey, ...]:
        """The keys of the assets that it makes."""
        return tuple(each.key for each in self.outs.values())


class AssetDefinition(StepDefinition[P, R_co]):
    """A function that makes one asset."""

    @property
    def key(self) -> keys.AssetKey:
        """The key of the asset."""
        return self.step_key

    @property
    def spec(self) -> specs.AssetSpec:
        """What was said of the asset as such."""
        return self.outs[_ONLY]

    def __and__(self, other: Any) -> asset_conditions.AssetCondition:
        """Both, as a condition for a schedule."""
        from weft.define import asset_conditions

        return asset_conditions.joined("all", self, other)

    def __or__(self, other: Any) -> asset_conditions.AssetCondition:
        """One of them, as a condition for a schedule."""
        from weft.define import asset_conditions

        return asset_conditions.joined("any", self, other)


class MultiAssetDefinition(StepDefinition[P, R_co]):
    """A function that makes several assets; `subsettable` says whether it can make some without the others."""

    @property
    def subsettable(self) -> bool:
        """Whether the function can make some of its assets without the others."""
        return bool(self.options.get("can_subset", False))


_ONLY = ""
_SPEC_NAMES = options.ASSET_NAMES - options.STEP_NAMES - {"name"}


@overload
def asset(function: Callable[P, R], /) -> AssetDefinition[P, R]: ...


@overload
def asset(**given: Unpack[options.AssetOptions]) -> Callable[[Callable[P, R]], AssetDefinition[P, R]]: ...


def asset(function: Callable[..., Any] | None = None, /, **given: Any) -> Any:
    """Define an asset by the function that makes it.

    Its parameters are filled by name: `context`, `config` (annotated with a pydantic model), resources, and the values
    of other assets. `options.AssetOptions` documents the arguments.

    Raises:
        UsageError: there is no such argument, or what is decorated is no function.
    """
    options.check_names("asset", given, options.ASSET_NAMES)

    def decorate(body: Callable[..., Any]) -> AssetDefinition[..., Any]:
        location = location_of(body, "asset")
        name = given.get("name") or _name_of(body)
        key = keys.join(specs.prefix_of(given.get("key_prefix")), name)
        facts = {each: given[each] for each in given if each in _SPEC_NAMES}
        if body.__doc__ and not facts.get("description"):
            facts["description"] = inspect.cleandoc(body.__doc__)
        spec = specs.AssetSpec(key, partitions=given.get("partitions"), location=location, **facts)
        return AssetDefinition(body, step_key=key, outs={_ONLY: spec}, given=given, location=location)

    return decorate if function is None else decorate(function)


def multi_asset(
    **given: Unpack[options.MultiAssetOptions],
) -> Callable[[Callable[P, R]], MultiAssetDefinition[P, R]]:
    """Define several assets by the one function that makes them.

    It returns a mapping from the names of the outputs (or their keys) to values, a tuple in their order, or yields an
    `Output` for each. `options.MultiAssetOptions` documents the arguments.

    Raises:
        UsageError: there is no such argument, outputs are given both ways or not at all, or no function is decorated.
    """
    options.check_names("multi_asset", given, options.MULTI_ASSET_NAMES)
    outs, listed = given.get("outs"), given.get("specs")
    if (not outs) == (not listed):
        raise errors.UsageError(
            "@multi_asset needs its outputs, either as outs= or as specs=.",
            remedy='Write outs={"name": AssetOut(…)} or specs=[AssetSpec("key", …)].',
        )

    def decorate(body: Callable[P, R]) -> MultiAssetDefinition[P, R]:
        location = location_of(body, "multi_asset")
        prefix = specs.prefix_of(given.get("key_prefix"))
        found = {
            name: _inherit(out.spec(name, location), given, prefix if not out.key_prefix else "")
            for name, out in (outs or {}).items()
        }
        for spec in listed or ():
            found[spec.key] = _inherit(spec, given, prefix)
        step_key = keys.join(prefix, given.get("name") or _name_of(body))
        return MultiAssetDefinition(
            body, step_key=step_key, outs=found, given=cast("Mapping[str, Any]", given), location=location
        )

    return decorate


def _inherit(spec: specs.AssetSpec, given: options.MultiAssetOptions, prefix: str) -> specs.AssetSpec:
    """Return an output's spec with what it takes from the body: group, partitions and prefix."""
    import dataclasses

    return dataclasses.replace(
        spec,
        key=keys.join(prefix, spec.key),
        group=spec.group or given.get("group"),
        partitions=spec.partitions if spec.partitions is not None else given.get("partitions"),
    )


def external_asset(key: str | None = None, **facts: Any) -> Callable[[Callable[..., object]], specs.AssetSpec]:
    """Define an asset from outside by the function that observes it, which returns its data version.

    The arguments are those of `AssetSpec`; the key is the function's name unless given.

    Raises:
        UsageError: there is no such argument, or what is decorated is no function.
    """
    options.check_names("external_asset", facts, _EXTERNAL_NAMES)

    def decorate(observe: Callable[..., object]) -> specs.AssetSpec:
        location = location_of(observe, "external_asset")
        if observe.__doc__ and not facts.get("description"):
            facts["description"] = inspect.cleandoc(observe.__doc__)
        return specs.AssetSpec(key or _name_of(observe), observe=observe, location=location, **facts)

    return decorate


_EXTERNAL_NAMES = frozenset(specs.AssetSpec.__dataclass_fields__) - {"key", "observe", "location"}


def location_of(function: Callable[..., Any], decorator: str) -> diagnostics.SourceLocation | None:
    """Return where a function is defined, at its first decorator.

    Raises:
        UsageError: it is no function.
    """
    code = getattr(function, "__code__", None)
    if code is None:
        if not callable(function) or isinstance(function, type):
            raise errors.UsageError(
                f"@{decorator} decorates a function, but was given {function!r}.",
                remedy=f"Write @{decorator} or @{decorator}(name=…) above a function.",
            )
        plain = inspect.unwrap(function)
        code = getattr(getattr(plain, "func", plain), "__code__", None)
        if code is None:
            return None
    return diagnostics.SourceLocation(file=code.co_filename, line=code.co_firstlineno)


def _name_of(function: Callable[..., Any]) -> str:
    found = getattr(function, "__name__", None)
    if not isinstance(found, str):
        raise errors.UsageError(f"{function!r} has no name of its own.", remedy='Give one: name="…".')
    return found
