"""Hooks: what is called when an attempt ends. What they raise is logged, and changes nothing."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Iterable
from typing import Any

from weft.worker import cancelling, coroutines


def call(kind: str, hooks: Iterable[Callable[..., object]], context: Any, about: object) -> None:
    """Call hooks with the context and, where they take a second argument, what the end is about.

    Args:
        kind: "success", "failure", "retry" or "skip", for the log.
        hooks: the functions; coroutine functions run to their end.
        context: the context of the attempt.
        about: the value, the exception or the reason.
    """
    for hook in hooks:
        try:
            returned = hook(context, about) if _takes_two(hook) else hook(context)
            if inspect.iscoroutine(returned):
                coroutines.run(returned)
        except cancelling.Cancelled:
            raise
        except BaseException as error:  # a hook must not change how the attempt ended, whatever it raises
            if isinstance(error, KeyboardInterrupt) and cancelling.is_ctrl_c(error):
                raise  # it is meant for the run, not for the hook
            name = getattr(hook, "__qualname__", repr(hook))
            logging.getLogger(__name__).exception("The hook %s of on_%s raised.", name, kind)


def _takes_two(hook: Callable[..., object]) -> bool:
    try:
        return _kept_takes_two(hook)
    except TypeError:  # it can't be hashed
        return _takes_two_now(hook)


@functools.lru_cache(maxsize=1024)
def _kept_takes_two(hook: Callable[..., object]) -> bool:
    return _takes_two_now(hook)


def _takes_two_now(hook: Callable[..., object]) -> bool:
    try:
        signature = inspect.signature(hook)
    except (ValueError, TypeError):  # Python does not know what it takes
        return False
    try:
        signature.bind(None, None)
    except TypeError:
        return False
    return True
