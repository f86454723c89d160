"""What calls of tasks within the body of an asset go to, not there before the first of them.

Few bodies of assets call tasks, and what runs such calls takes 8 ms to import: as long as 20 small steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft.ports import executor


class LateCaller:
    """A `ports.caller.Caller` that is a `NestedCaller` from the first call on; may be used from several threads."""

    def __init__(self, assignment: executor.Assignment) -> None:
        """Stand for what runs the calls of the attempt `assignment`."""
        self._assignment = assignment

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self._assignment.run

    def __getattr__(self, name: str) -> Any:
        """Everything else that a caller has."""
        if name.startswith("__"):
            raise AttributeError(name)
        from weft.worker.tasks import nested

        made = self.__dict__.setdefault("_made", nested.NestedCaller(self._assignment))
        return getattr(made, name)
