"""`@asset_check`: functions that judge an asset's data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, overload

from weft.define import assets, specs
from weft.model import diagnostics


@dataclass(frozen=True, eq=False, kw_only=True)
class CheckDefinition:
    """A function that judges the data of one asset; calling it calls the function."""

    function: Callable[..., Any]
    name: str
    asset: specs.AssetLike | None
    blocking: bool
    severity: str
    description: str
    resources: Mapping[str, str]
    config: object
    location: diagnostics.SourceLocation | None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.function(*args, **kwargs)

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        """The function, for `inspect`."""
        return self.function


@overload
def asset_check(function: Callable[..., Any], /) -> CheckDefinition: ...


@overload
def asset_check(
    *,
    asset: specs.AssetLike | None = None,
    name: str | None = None,
    blocking: bool = False,
    severity: Literal["warn", "error"] = "error",
    description: str | None = None,
    resources: Mapping[str, str] | None = None,
    config: object = None,
) -> Callable[[Callable[..., Any]], CheckDefinition]: ...


def asset_check(
    function: Callable[..., Any] | None = None,
    /,
    *,
    asset: specs.AssetLike | None = None,
    name: str | None = None,
    blocking: bool = False,
    severity: str = "error",
    description: str | None = None,
    resources: Mapping[str, str] | None = None,
    config: object = None,
) -> CheckDefinition | Callable[[Callable[..., Any]], CheckDefinition]:
    """Define a check of an asset by a function that returns a bool or a `CheckResult`.

    Args:
        function: the function, where the decorator is used bare; its one free parameter then names the asset.
        asset: the asset that it judges.
        name: the check's name; the function's unless given.
        blocking: whether a version that fails it is held back, and with it what is downstream.
        severity: "warn" or "error".
        description: what it checks; the docstring unless given.
        resources: which resource a parameter gets, where its name doesn't say it.
        config: values of the parameter `config`.

    Raises:
        UsageError: what is decorated is no function.
    """

    def decorate(body: Callable[..., Any]) -> CheckDefinition:
        location = assets.location_of(body, "asset_check")
        text = description if description is not None else inspect.cleandoc(body.__doc__ or "")
        return CheckDefinition(
            function=body,
            name=name or body.__name__,
            asset=asset,
            blocking=blocking,
            severity=severity,
            description=text,
            resources=resources or {},
            config=config,
            location=location,
        )

    return decorate if function is None else decorate(function)
