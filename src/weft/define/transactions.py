"""Transactions: several calls of tasks that are committed together, or undone together.

    with transaction() as txn:
        write_file(data)        # @write_file.on_rollback: def remove(txn): …
        check(data)             # raises: the hooks of write_file run, and its step run counts as rolled back

What was submitted in a transaction is waited for at its end. A nested one is committed with the outermost one. One with
a `key` that was committed before, by any run, says so by `is_committed()`, so that its body can be left out.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weft.define import pausing
from weft.model import errors
from weft.ports import caller

if TYPE_CHECKING:
    from weft.define import futures, tasks

current: contextvars.ContextVar[Transaction | None] = contextvars.ContextVar("weft transaction", default=None)
"""The innermost transaction that is open here."""

_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class _Staged:
    """A call in a transaction, and the future of one that runs beside the flow."""

    task: tasks.TaskDefinition[..., Any]
    call: str
    within: Transaction
    future: futures.Future[Any] | None = None


class Transaction:
    """Calls that are committed or undone together, and values that their hooks share."""

    def __init__(self, key: str, parent: Transaction | None) -> None:
        """Open one within `parent`, under a key ("" for none)."""
        self.key = key
        self.parent = parent
        self.state = "open"
        """open, staged (within another one), committed, rolled back."""
        self._values: dict[str, object] = {}
        self._staged: list[_Staged] = []
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

    def stage(self, task: tasks.TaskDefinition[..., Any], call: str, future: futures.Future[Any] | None = None) -> None:
        """Note a call whose hooks run when this ends: one that has succeeded, or that `future` stands for."""
        self._staged.append(_Staged(task, call, self, future))

    def _wait(self, *, committing: bool) -> None:
        """Wait for the calls that run beside; of those only what succeeded is committed or undone.

        Raises:
            Exception: `committing`, and one failed that nobody has looked at.
        """
        for each in list(self._staged):
            if each.future is None:
                continue
            each.future.wait()
            if committing and not each.future.observed:
                each.future.result()
        self._staged = [each for each in self._staged if each.future is None or each.future.state.is_success()]

    def _commit(self, running: caller.Caller | None) -> None:
        self._wait(committing=True)
        if self.parent is not None:
            self.parent._staged += self._staged
            self.state = "staged"
            return
        hooks = [(hook, each.within) for each in self._staged for hook in getattr(each.task, "commit_hooks", ())]
        if running is not None and (hooks or self.key):
            running.commit_transaction(self.key, lambda: _call_all(hooks))
        else:
            _call_all(hooks)
        self.state = "committed"

    def _roll_back(self, running: caller.Caller | None) -> None:
        """Run the hooks of what has succeeded, the last first; a hook that fails does not keep the others from it."""
        self._wait(committing=False)
        failures: list[Exception] = []
        for each in reversed(self._staged):
            for hook in getattr(each.task, "rollback_hooks", ()):
                try:
                    hook(each.within)
                except Exception as error:  # the others are to be undone all the same
                    failures.append(error)
        self.state = "rolled back"
        if running is not None:
            running.rolled_back([each.call for each in self._staged])
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
        try:
            yield opened
        finally:
            current.reset(token)
        if not opened._committed_before:
            opened._commit(running)
    except pausing.Suspended:
        raise  # the flow comes back here, with what has succeeded, once it is answered
    except BaseException as error:
        try:
            opened._roll_back(running)
        except ExceptionGroup as failed:
            error.add_note(f"{failed}: {'; '.join(map(str, failed.exceptions))}")
        raise


def _call_all(hooks: Iterable[tuple[Callable[..., object], Transaction]]) -> None:
    for hook, within in hooks:
        hook(within)
