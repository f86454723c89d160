"""Live calls: calls of tasks in the very process of the flow, with arguments that need not be storable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Mapping

    from weft.define import bodies


class LiveCall:
    """A call whose arguments are at hand: found by the id of its assignment.

    The arguments are valid already, and neither templates nor conditions apply to them. The body runs in `context`,
    so that calls in it belong to the run of the flow. After the attempt `value` is what the body returned (of a
    generator the list), or `error` the very exception.
    """

    __slots__ = ("args", "body", "context", "error", "fenced", "kwargs", "value")

    def __init__(
        self,
        body: bodies.TaskBody,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        context: contextvars.Context | None = None,
    ) -> None:
        """Keep the call."""
        self.body = body
        self.args = args
        self.kwargs = kwargs or {}
        self.context = context
        self.value: Any = None
        self.error: BaseException | None = None
        self.fenced = False
        """Whether it was given up: what its body still does is not told any more."""

    def ended(self, value: Any, error: BaseException | None) -> None:
        """Keep how it ended, unless it was given up."""
        if not self.fenced:
            self.value, self.error = value, error

    def give_up(self, error: BaseException) -> None:
        """End it with an error, whatever its body still does."""
        if not self.fenced:
            self.fenced = True
            self.value, self.error = None, error
