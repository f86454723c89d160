"""Executors that stay up between runs, so that the next run of a pipeline begins at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from weft.model import errors
from weft.service.pipeline import pipeline_driving
from weft.service.run import driving

if TYPE_CHECKING:
    from weft.model import pipelines
    from weft.ports import executor as executors
    from weft.service import world as worlds

_MOST = 4  # each holds processes with the project's code imported


class WarmExecutors:
    """The executors of the pipelines that ran last, by pipeline and the kind of executor."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: OrderedDict[tuple[str, str], executors.Executor] = OrderedDict()

    @contextmanager
    def of(
        self, world: worlds.World, how: driving.How, pipeline: pipelines.Pipeline
    ) -> Iterator[executors.Executor | None]:
        """A started executor for a run; None for a flow, which has one of its own. After an error it is not kept."""
        if pipeline.kind == "flow":
            yield None
            return
        key = (pipeline.name, how.executor or world.settings.executor)
        executor = self._kept.pop(key, None)
        if executor is None:
            executor = pipeline_driving.executor_for(world, how, pipeline)
            executor.start()
        try:
            yield executor
        except (errors.UsageError, errors.ReservationError):  # the run was not taken: nothing ran on it
            self._kept[key] = executor
            raise
        except BaseException:
            executor.close()
            raise
        self._kept[key] = executor
        self.trim(_MOST)

    def trim(self, most: int) -> None:
        """Keep so many of those that were used last, and end the others."""
        while len(self._kept) > most:
            self._kept.popitem(last=False)[1].close()

    def close(self) -> None:
        """End all of them."""
        while self._kept:
            self._kept.popitem()[1].close()
