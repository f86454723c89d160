"""What of a saved plan that has drifted still holds: those of its lines may be applied, the others are told with why.

The planner decides (`planner.holding`); here it is told what has changed since the plan was saved.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from weft.model import errors, keys, partition_set, plan
from weft.planner import holding
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import observing
from weft.service.plan import plan_outlines, planning, saving

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()


class LeftOutView(views.View, frozen=True, kw_only=True):
    """Partitions of a line of a saved plan that do not hold any more, and why."""

    name: str
    """The asset, the pipeline or the step."""
    partitions: str
    """In few words; empty without partitions, or where they are defined in another way by now."""
    count: int
    why: str

    @property
    def told(self) -> str:
        """In one line: `raw 2024-01-02: its code changed`."""
        return f"{' '.join(each for each in (self.name, self.partitions) if each)}: {self.why}"


class HoldingView(views.View, frozen=True, kw_only=True):
    """What of a saved plan still holds, in outline, and what does not."""

    outline: plan_outlines.PlanOutline
    left_out: list[LeftOutView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What still holds of a saved plan, as a plan of now, and what does not."""

    made: plan.Plan
    left_out: list[LeftOutView]


def checked(world: worlds.World, saved: saving.SavedPlan) -> Holding:
    """What still holds of a saved plan.

    Raises:
        DriftError: nothing of it does.
    """
    found = of(world, saved)
    if found.left_out and not found.made.steps:
        told = [each.told + "." for each in found.left_out]
        raise errors.DriftError(
            "\n  ".join(["Nothing of the plan holds any more; nothing ran.", *told[:20]]),
            remedy="Plan again: `weft plan`.",
        )
    return found


def of(world: worlds.World, saved: saving.SavedPlan) -> Holding:
    """What still holds of a saved plan, be it nothing.

    Raises:
        DriftError: its request cannot be planned any more.
    """
    document = saved.document
    try:
        made = planning.make_plan(world, saving.ask_of(saved), now=document.now)
    except errors.UsageError as error:
        raise errors.DriftError(
            f"Nothing of the plan holds any more: its request cannot be planned. {error.message}",
            remedy="Plan again: `weft plan`.",
        ) from error
    if not saving.differences(world, saved, made):
        return Holding(made=made, left_out=[])
    agreed = list(_agreed(saved))
    changes = _Changes(world, saved)
    since = changes.since({each.step for each in agreed})
    found = holding.still(world.planned, agreed, made, since)
    seconds = sum(line.estimate_seconds for line in found.steps)
    cut = replace(made, steps=found.steps, estimate_seconds=seconds)
    telling = _Telling(world, saved, made, changes)
    return Holding(made=cut, left_out=[telling.view(each) for each in found.left_out])


def view(world: worlds.World, found: Holding) -> HoldingView:
    """What still holds, as it is shown."""
    return HoldingView(outline=plan_outlines.of(world, found.made), left_out=found.left_out)


def _agreed(saved: saving.SavedPlan) -> Iterator[holding.Agreed]:
    """The lines of a saved plan; what is shown of each says why it was to run."""
    shown = saved.view.steps
    lines = saved.document.lines
    for number, line in enumerate(lines):
        reason = None
        if len(shown) == len(lines):
            causes = ((each.kind, each.subject) for each in shown[number].causes)
            reason = holding.reason_of(line.run_if, line.baseline, line.outputs, causes)
        yield holding.Agreed(
            step=line.step,
            outputs=line.outputs,
            ordinals=PartitionSet.decode(line.ordinals),
            fingerprint=line.fingerprint,
            code=line.code,
            reason=reason,
        )


class _Changes:
    """What has changed since a plan was saved."""

    def __init__(self, world: worlds.World, saved: saving.SavedPlan) -> None:
        self._world = world
        self._saved = saved
        assets = world.planned.assets
        self.observed = observing.observe(world, [each for each in saved.document.assets if each in assets])
        self.inputs: dict[keys.AssetKey, PartitionSet] = {}
        self.outputs: dict[keys.AssetKey, PartitionSet] = {}
        self._redefined: set[keys.AssetKey] = set()

    def since(self, steps: Iterable[keys.StepKey]) -> holding.Since:
        graph = self._world.planned
        defined = [graph.steps[step] for step in steps if step in graph.steps]
        for step in defined:
            for asset in [*step.outputs, *(each.asset for each in step.dependencies)]:
                if asset not in self.inputs:
                    self._look(asset)
        policies = {
            step.key
            for step in defined
            if (before := self._saved.relies.get(step.key)) is not None
            and before.how
            and before.how != saving.how_of(step)
        }
        return holding.Since(inputs=self.inputs, outputs=self.outputs, redefined=self._redefined, policies=policies)

    def _look(self, asset: keys.AssetKey) -> None:
        """Compare how the partitions of an asset stand with how they stood."""
        definition = self._world.planned.assets[asset].partitions
        before = self._saved.stood.get(asset)
        if before is None:
            self.inputs[asset] = self.outputs[asset] = self._after_the_plan(asset)
            return
        self.inputs[asset] = self.outputs[asset] = EMPTY
        if before.fingerprint != (definition.fingerprint if definition is not None else ""):
            self._redefined.add(asset)
            return
        ordinals = PartitionSet.decode(before.ordinals)
        now = saving.stood_in(definition, self.observed.columns.get(asset), ordinals)
        self.inputs[asset] = _differing(ordinals, before.tokens, now.tokens)
        self.outputs[asset] = _differing(ordinals, before.versions, now.versions)

    def _after_the_plan(self, asset: keys.AssetKey) -> PartitionSet:
        names = self._world.ledger.changed_keys(asset, after=self._saved.document.position)
        definition = self._world.planned.assets[asset].partitions
        if definition is None:
            return PartitionSet.range(0, 1) if names else EMPTY
        places = definition.ordinals([each for each in names if each])
        return PartitionSet.of(sorted(each for each in places if each is not None))

    def run_of(self, asset: keys.AssetKey, ordinals: PartitionSet) -> str:
        """The run that made the last of these partitions since the plan; empty where none did."""
        columns = self.observed.columns.get(asset)
        if columns is None:
            return ""
        made = [each for each in ordinals if each < columns.size and columns.versions[each] > self._position]
        return columns.run_of(made[-1]) if made else ""

    @property
    def _position(self) -> int:
        return self._saved.document.position


def _differing(ordinals: PartitionSet, before: bytes, now: bytes) -> PartitionSet:
    if before == now:
        return EMPTY
    old, new = array("q", before), array("q", now)
    return PartitionSet.of(each for place, each in enumerate(ordinals) if old[place] != new[place])


class _Telling:
    """Tells in words why a line is left out."""

    def __init__(self, world: worlds.World, saved: saving.SavedPlan, made: plan.Plan, changes: _Changes) -> None:
        self._world = world
        self._saved = saved
        self._made = made
        self._changes = changes
        self._lines = {line.step: line for line in saved.document.lines}

    def view(self, left: holding.LeftOut) -> LeftOutView:
        step = self._world.planned.steps.get(left.step)
        told = ""
        if step is not None and left.why != "redefined":
            told = plan_outlines.in_few_words(step.partitions, left.ordinals)
        outputs = self._lines[left.step].outputs
        name = outputs[0] if len(outputs) == 1 else left.step
        return LeftOutView(name=name, partitions=told, count=len(left.ordinals), why=self._why(left))

    def _why(self, left: holding.LeftOut) -> str:
        match left.why:
            case "undefined":
                return "it is not defined any more"
            case "redefined":
                return "its partitions are defined in another way"
            case "code":
                names = saving.changed_names(self._world, self._saved, left.step)
                return "its code changed" + (f": {', '.join(names[:4])}" if names else "")
            case "policies":
                return "its policies have changed, or how it reads partitions"
            case "done":
                return self._not_due(left)
            case "reason":
                return f"it would run for other reasons now: {self._reasons(left)}"
            case "output":
                outputs = self._lines[left.step].outputs
                return f"it was changed meanwhile{self._by(outputs, left.ordinals)}"
            case "input":
                changed = self._changes.inputs.get(left.subject, EMPTY)
                return f"{left.subject}, which it reads, changed{self._by((left.subject,), changed)}"
            case "grown":
                return f"{left.subject}, which it reads, would be made too, which was not agreed to"
            case "above":
                return f"{left.subject}, which it reads, is left out"

    def _by(self, assets: Iterable[keys.AssetKey], ordinals: PartitionSet) -> str:
        run = next((run for each in assets if (run := self._changes.run_of(each, ordinals))), "")
        return f" by run {run}" if run else ""

    def _not_due(self, left: holding.LeftOut) -> str:
        """Why something would not run any more: it was made, is being made, or is held back."""
        outputs = self._lines[left.step].outputs
        by = self._by(outputs, left.ordinals)
        if by:
            return f"there is nothing to do: it was made{by}"
        held = {
            "is being made": self._made.running,
            "is held back by a check": self._made.blocked,
            "was rejected by a check": self._made.rejected,
            "waits for a decision": self._made.undecided,
        }
        for told, parts in held.items():
            if any(each.asset in outputs and not each.ordinals.isdisjoint(left.ordinals) for each in parts):
                return f"it {told}"
        return "there is nothing to do any more"

    def _reasons(self, left: holding.LeftOut) -> str:
        kinds: Mapping[str, None] = {
            cause.kind.replace("_", " "): None
            for line in self._made.steps
            if line.step == left.step and not line.ordinals.isdisjoint(left.ordinals)
            for cause in line.causes
        }
        return ", ".join(kinds) or "if inputs change"
