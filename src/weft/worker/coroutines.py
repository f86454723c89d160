"""Async bodies: one private event loop for each thread that runs them, kept between attempts.

asyncio is imported where a coroutine runs: it takes longer than all else that a short command needs.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio

Result = TypeVar("Result")

_loops = threading.local()


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end and return its result.

    Tasks that it left behind are cancelled. Where the calling thread runs an event loop already (a notebook), another
    thread runs it.
    """
    import asyncio

    if asyncio._get_running_loop() is None:
        return _run_here(coroutine)
    outcome: list[Result] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(_run_here(coroutine))
        except BaseException as error:  # handed to the caller
            failure.append(error)
        finally:
            close()

    thread = threading.Thread(target=work, name="weft async body")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


async def collect(items: AsyncIterator[Result]) -> list[Result]:
    """Return all that an asynchronous iterator yields."""
    return [item async for item in items]


def is_cancellation(error: BaseException) -> bool:
    """Tell whether an exception is the cancellation of a task of an event loop."""
    kind = type(error)
    return kind.__name__ == "CancelledError" and kind.__module__.startswith("asyncio")


def close() -> None:
    """Close this thread's event loop, unless it runs: whoever runs it closes it then."""
    loop = getattr(_loops, "loop", None)
    if loop is not None and not loop.is_running():
        _loops.loop = None
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _run_here(coroutine: Coroutine[Any, Any, Result]) -> Result:
    import asyncio

    loop: asyncio.AbstractEventLoop | None = getattr(_loops, "loop", None)
    if loop is None or loop.is_closed():
        loop = _loops.loop = asyncio.new_event_loop()
    task = loop.create_task(coroutine)
    try:
        return loop.run_until_complete(task)
    finally:
        left = asyncio.all_tasks(loop)
        for each in left:
            each.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
