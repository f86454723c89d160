"""What the step runs of a pipeline's run left behind, and what of it the step runs below are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from weft.model import events, keys, pipelines
from weft.ports import executor as executors

Binding = executors.ResultBinding


class Results:
    """The results of one run, by step and item."""

    def __init__(self, pipeline: pipelines.Pipeline) -> None:
        """Begin with none."""
        self._pipeline = pipeline
        self._results: dict[keys.StepKey, dict[str, events.TaskResult]] = {}
        self._counts: dict[keys.StepKey, int] = {}
        self._whole: dict[keys.StepKey, tuple[int, tuple[Binding, ...]]] = {}
        self._above: dict[keys.StepKey, tuple[keys.StepKey, ...]] = {}

    def put(self, step: keys.StepKey, item: str, result: events.TaskResult) -> None:
        """Note what a step run left behind."""
        self._results.setdefault(step, {})[item] = result

    def mapped(self, step: keys.StepKey, count: int) -> None:
        """Note how many step runs a mapped step has."""
        self._counts[step] = count

    def get(self, step: keys.StepKey, item: str) -> events.TaskResult | None:
        """What a step run left behind; None for one that was skipped, or has not succeeded."""
        return self._results.get(step, {}).get(item)

    def succeeded(self, step: keys.StepKey) -> list[str]:
        """The items of a mapped step that left something behind, in order."""
        found = self._results.get(step, {})
        return [str(each) for each in range(self._counts.get(step, 0)) if str(each) in found]

    def bindings(self, step: pipelines.TaskStep, item: str) -> Iterator[Binding]:
        """What a step run is sent of the values above it."""
        aligned = {edge.step: edge.aligned for edge in step.after}
        for above in self._read_by(step):
            if aligned.get(above, False):
                yield from _named(above, item, self.get(above, item))
            else:
                yield from self._all_of(above)

    def _read_by(self, step: pipelines.TaskStep) -> tuple[keys.StepKey, ...]:
        found = self._above.get(step.key)
        if found is None:
            if step.pulls:
                names: Mapping[keys.StepKey, None] = dict.fromkeys(self._everything_above(step))
            else:
                names = dict.fromkeys(edge.step for edge in step.after if edge.value)
            found = self._above[step.key] = tuple(names)
        return found

    def _everything_above(self, step: pipelines.TaskStep) -> list[keys.StepKey]:
        found: dict[keys.StepKey, None] = {}
        waiting = [edge.step for edge in step.after]
        while waiting:
            key = waiting.pop()
            if key not in found:
                found[key] = None
                waiting += [edge.step for edge in self._pipeline.steps[key].after]
        return list(found)

    def _all_of(self, step: keys.StepKey) -> tuple[Binding, ...]:
        """All values of a step: of a mapped one those of every item in order. Made once, for the many that read it."""
        known = self._results.get(step, {})
        kept = self._whole.get(step)
        if kept is not None and kept[0] == len(known):
            return kept[1]
        if self._pipeline.steps[step].fan is None:
            found = tuple(_named(step, "", known.get("")))
        else:
            items = map(str, range(self._counts.get(step, 0)))
            found = tuple(each for item in items for each in _named(step, item, known.get(item)))
        self._whole[step] = (len(known), found)
        return found


def _named(step: keys.StepKey, item: str, result: events.TaskResult | None) -> Iterator[Binding]:
    """The values of one step run: what it returned, and what it pushed."""
    yield Binding(step=step, item=item, value=result.value if result is not None else None)
    if result is not None:
        for name, value in result.named.items():
            yield Binding(step=step, item=item, value=value, name=name)
