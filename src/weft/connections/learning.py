"""Who is told which secrets a body has been given, so that they are masked from then on."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable

learner: contextvars.ContextVar[Callable[[Iterable[str]], object] | None] = contextvars.ContextVar(
    "weft learner of secrets", default=None
)
"""Set by what runs bodies, around each, to `Masks.learn`."""


def teach(secrets: Iterable[str]) -> None:
    """Have these texts masked in what is logged and recorded from now on, where a body runs."""
    learn = learner.get()
    if learn is not None:
        learn(secrets)
