"""Transactions: several calls of tasks that are committed together, or undone together.

    with transaction() as txn:
        write_file(data)        # @write_file.on_rollback: def remove(txn): …
        check(data)             # raises: the hooks of write_file run, and its step run counts as rolled back

A nested transaction is committed with the outermost one. One with a `key` that was committed before, by any run, says
so by `is_committed()`, so that its body can be left out.
"""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from weft.model import errors
from weft.ports import caller

if TYPE_CHECKING:
    from weft.define import tasks

current: contextvars.ContextVar[Transaction | None] = contextvars.ContextVar("weft transaction", default=None)
"""The innermost transaction that is open here."""

_ABSENT: Any = object()


class Transaction:
    """Calls that are committed or undone together, and values that their hooks share."""

    def __init__(self, key: str, parent: Transaction | None) -> None:
        """Open one within `parent`, under a key ("" for none)."""
        self.key = key
        self.parent = parent
        self.state = "open"
        """open, staged (within another one), committed, rolled back."""
        self._values: dict[str, object] = {}
        self._staged: list[tuple[tasks.TaskDefinition[..., Any] | None, str, Transaction]] = []
        self._committed_before = False

    def set(self, name: str, value: object) -> None:
        """Keep a value for the hooks."""
        self._values[name] = value

    def get(self, name: str, default: Any = _ABSENT) -> Any:
        """A value that was set here or in a transaction around this one.

        Raises:
            KeyError: there is none of that name, and no default.
        """
        if name in self._values:
            return self._values[name]
        if self.parent is not None:
            return self.parent.get(name, default)
        if default is _ABSENT:
            raise KeyError(name)
        return default

    def is_committed(self) -> bool:
        """Whether it is committed: now, or under its key by an earlier run."""
        return self._committed_before or self.state == "committed"

    def stage(self, task: tasks.TaskDefinition[..., Any], call: str) -> None:
        """Note a call that has succeeded: its hooks run when this ends."""
        self._staged.append((task, call, self))

    def _commit(self, running: caller.Caller | None) -> None:
        if self.parent is not None:
            self.parent._staged += self._staged
            self.state = "staged"
            return
        for task, _, inner in self._staged:
            for hook in getattr(task, "commit_hooks", ()):
                hook(inner)
        self.state = "committed"
        if self.key and running is not None:
            running.transaction_committed(self.key)

    def _roll_back(self, running: caller.Caller | None) -> None:
        """Run the hooks of what has succeeded, the last first; a hook that fails does not keep the others from it."""
        failures: list[Exception] = []
        for task, _, inner in reversed(self._staged):
            for hook in getattr(task, "rollback_hooks", ()):
                try:
                    hook(inner)
                except Exception as error:  # the others are to be undone all the same
                    failures.append(error)
        self.state = "rolled back"
        if running is not None:
            running.rolled_back([call for _, call, _ in self._staged])
        if failures:
            raise ExceptionGroup("hooks of a rollback failed", failures)


@contextmanager
def transaction(key: str | None = None) -> Iterator[Transaction]:
    """Open a transaction: left without an exception it is committed, else everything that succeeded in it is undone.

    Args:
        key: a name under which it is committed once and for all; `is_committed()` tells whether that has been done.

    Raises:
        UsageError: the key is empty or no text.
    """
    if key is not None and (not isinstance(key, str) or not key):
        raise errors.UsageError(f"The key of a transaction is {key!r}.", remedy='Write transaction(key="load-2024").')
    running = caller.current.get()
    opened = Transaction(key or "", current.get())
    if key and running is not None:
        opened._committed_before = running.is_transaction_committed(key)
    token = current.set(opened)
    try:
        yield opened
    except BaseException as error:
        current.reset(token)
        try:
            opened._roll_back(running)
        except ExceptionGroup as failed:
            error.add_note(f"{failed}: {'; '.join(map(str, failed.exceptions))}")
        raise
    current.reset(token)
    if not opened._committed_before:
        opened._commit(running)
