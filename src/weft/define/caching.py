"""Cache policies: when the result of an earlier call serves again.

cache=True                             the same task, source and inputs
cache=Inputs()                         the same inputs alone, whatever the source
cache=Inputs() - "run_date"            the same inputs but for one
cache=Source() + Inputs()              both, which is what True means
cache=by_key(lambda context, params: f"transform-{params['date']}")
cache=Cache(by_key(…), expires="24h", refresh=False)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from weft.define import durations
from weft.model import errors

KeyFunction: TypeAlias = "Callable[[Any, Mapping[str, Any]], str | None]"
"""Takes the context and the bound parameters by name; returns the key, or None where nothing is to be reused."""


@dataclass(frozen=True, slots=True)
class By:
    """What a cache key is made of; parts are joined with `+`, and inputs left out with `-`."""

    inputs: bool = False
    source: bool = False
    run: bool = False
    """Whether only results of the same run serve."""
    without: frozenset[str] = frozenset()
    keys: tuple[KeyFunction, ...] = ()

    def __add__(self, other: By) -> By:
        """Both: a result serves if all parts agree."""
        if not isinstance(other, By):
            return NotImplemented
        return By(
            inputs=self.inputs or other.inputs,
            source=self.source or other.source,
            run=self.run or other.run,
            without=self.without | other.without,
            keys=(*self.keys, *other.keys),
        )

    def __sub__(self, name: str) -> By:
        """Leave one input out."""
        if not isinstance(name, str):
            return NotImplemented
        return replace(self, without=self.without | {name})


def Inputs() -> By:  # noqa: N802 - reads as the part of a policy that it is
    """The values of the call's arguments."""
    return By(inputs=True)


def Source() -> By:  # noqa: N802
    """The code of the task."""
    return By(source=True)


def InRun() -> By:  # noqa: N802
    """The run: results of other runs don't serve."""
    return By(run=True)


def by_key(function: KeyFunction) -> By:
    """A key of one's own, from the context and the parameters by name."""
    return By(keys=(function,))


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache policy with its times: `expires` after the result was made; `refresh` runs, and replaces what is kept."""

    by: By = field(default_factory=lambda: By(inputs=True, source=True))
    expires: durations.Duration | None = None
    refresh: bool | Callable[[], bool] = False
    name: str = ""
    """Tasks of one name share results; the task's own name unless given."""

    @property
    def seconds(self) -> float | None:
        """How long a result serves; None for ever."""
        return None if self.expires is None else durations.seconds(self.expires, what="Cache.expires", exclusive=True)


def policy(given: object) -> Cache | None:
    """The policy for `cache=`: a bool, a `By`, a `Cache` or a key function.

    Raises:
        UsageError: it is something else.
    """
    match given:
        case None | False:
            return None
        case True:
            return Cache()
        case Cache():
            given.seconds  # noqa: B018 - raises where it is no duration
            return given
        case By():
            return Cache(given)
        case _ if callable(given):
            return Cache(by_key(given))
    raise errors.UsageError(
        f"cache is {given!r}.",
        remedy='Write cache=True, cache=Inputs(), cache=by_key(function) or cache=Cache(Inputs(), expires="24h").',
    )
