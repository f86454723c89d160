"""Who runs the calls of tasks and flows.

A task or flow that is called asks `current`: within a run there is a caller, which makes the call a step run of that
run; without one a task is a plain function, and a flow starts a run of its own through `outermost`.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from weft.define import flows, futures, tasks


class Caller(Protocol):
    """The run that calls belong to. Its methods may be called from any thread of the flow."""

    @property
    def run_id(self) -> str:
        """The id of the run."""

    def call(
        self,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        wait_for: Iterable[object] = (),
        return_state: bool = False,
    ) -> Any:
        """Run a task here and now; its value (a coroutine of it for an async one), or its state where asked for."""

    def submit(
        self,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        wait_for: Iterable[object] = (),
    ) -> futures.Future[Any]:
        """Run a task beside the flow, once the futures among its arguments have their values."""

    def map(
        self,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        wait_for: Iterable[object] = (),
    ) -> futures.FutureList[Any]:
        """Run a task for each element of the arguments that are lists, the others the same for all."""

    def call_flow(
        self,
        flow: flows.FlowDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        wait_for: Iterable[object] = (),
        return_state: bool = False,
    ) -> Any:
        """Run a subflow, as a run of its own that is linked to the step run that stands for it here."""

    def ask(self, form: Any, *, key: str | None, timeout: float | None, message: str, suspended: bool) -> Any:
        """Wait for a person's answer, in this process or, with `suspended`, without one; `timeout` is in seconds."""

    def commit_transaction(self, key: str, run_hooks: Callable[[], None]) -> None:
        """Run the hooks of a commit and write it down, under its key ("" for none); nothing if it was done before."""

    def is_transaction_committed(self, key: str) -> bool:
        """Whether any run has committed a transaction of this key."""

    def rolled_back(self, calls: Sequence[str]) -> None:
        """Write down that these calls were undone."""


class Outermost(Protocol):
    """Starts runs for flows that are called outside of any."""

    def call_flow(
        self,
        flow: flows.FlowDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        return_state: bool = False,
    ) -> Any:
        """Run a flow to its end, recorded in the ledger of its project."""

    def resume(self, flow: flows.FlowDefinition[..., Any], run: str, *, strict: bool = False) -> Any:
        """Go on with a run of a flow that died or was suspended."""


current: contextvars.ContextVar[Caller | None] = contextvars.ContextVar("weft run that calls belong to", default=None)
"""The run that calls of tasks and flows belong to here, None outside of any."""

_outermost: list[Callable[[], Outermost]] = []


def set_outermost(make: Callable[[], Outermost] | None) -> None:
    """Have flows that are called outside of a run started by what `make` gives; None goes back to the project's own."""
    _outermost[:] = [] if make is None else [make]


def outermost() -> Outermost:
    """What starts runs here: what `set_outermost` was given, else the ledger of the project that the flow is in."""
    if _outermost:
        return _outermost[-1]()
    import weft

    make: Callable[[], Outermost] = weft.flow_starter  # type: ignore[assignment]
    return make()
