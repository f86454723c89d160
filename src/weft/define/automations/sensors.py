"""`@sensor`: a function that looks outside now and then, and says what is to be run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypedDict

from weft.define import assets, options

if TYPE_CHECKING:
    from typing import Unpack

    from weft.define import durations
    from weft.model import diagnostics


class SensorOptions(TypedDict, total=False):
    """What may be said of a sensor."""

    target: Any
    """What is run: the name of a pipeline or its definition; or a selection of assets, as a job's may be."""
    name: str
    """The function's name unless given."""
    every: durations.Duration
    """How long to wait between two looks; 30 s unless given."""
    timeout: durations.Duration
    """How long one look may take; 60 s unless given."""
    paused: bool
    """Whether it waits for `weft sensors resume` before it looks for the first time."""
    description: str
    """What it is for; the function's documentation unless given."""


_NAMES = frozenset(SensorOptions.__annotations__)


class SensorDefinition:
    """A sensor, as it was written."""

    __slots__ = ("function", "given", "location", "name")

    def __init__(
        self, function: Callable[..., object], given: dict[str, Any], location: diagnostics.SourceLocation | None
    ) -> None:
        """Keep what was said; `build` checks it."""
        self.function = function
        self.given = given
        self.location = location
        self.name = str(given.get("name") or getattr(function, "__name__", ""))

    @property
    def description(self) -> str:
        """What it is for."""
        said: str = self.given.get("description") or ""
        return said or inspect.cleandoc(self.function.__doc__ or "")

    def __call__(self, *args: Any, **kwargs: Any) -> object:
        """Call the function as it is, in a test."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<sensor {self.name!r}>"


def sensor(**given: Unpack[SensorOptions]) -> Callable[[Callable[..., object]], SensorDefinition]:
    """Define a sensor by the function that looks.

    It gets `context` (a `SensorContext`) and resources by name, and returns or yields `RunRequest`s, or a `SkipReason`.
    `SensorOptions` documents the arguments.

    Raises:
        UsageError: there is no such argument, or what is decorated is no function.
    """
    options.check_names("sensor", given, _NAMES)

    def decorate(function: Callable[..., object]) -> SensorDefinition:
        return SensorDefinition(function, dict(given), assets.location_of(function, "sensor"))

    return decorate
