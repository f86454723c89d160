"""The definitions as alerting asks for them: what is above a subject, who owns it, which rules select it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from weft.model import alerting, automations, errors, selection
from weft.planner import alerting as deciding
from weft.service import world as worlds


class Definitions:
    """The definitions of a world; what was selected is remembered until they change."""

    def __init__(self, world: worlds.World) -> None:
        """Answer for the graph that `world` has now."""
        self._graph = world.graph
        self._world = world
        self._selected: dict[str, frozenset[str]] = {}

    def is_of(self, world: worlds.World) -> bool:
        """Whether the definitions are still the same."""
        return world.graph is self._graph

    def surroundings(self) -> deciding.Surroundings:
        """What a decision asks for."""
        return deciding.Surroundings(
            above=self.above, about=self.about, selected=self.selected, new_id=lambda: secrets.token_hex(6)
        )

    def above(self, subject: str) -> Iterable[str]:
        """The subjects that a subject is made from, directly."""
        kind, _, name = subject.partition(":")
        if kind == "asset" and name in self._graph.assets:
            for each in self._graph.upstream(name):
                yield f"asset:{each}"
            pipeline = self._graph.assets[name].made_by
            if pipeline is not None:
                yield f"pipeline:{pipeline}"
        elif kind == "pipeline" and name in self._graph.pipelines:
            found = self._graph.pipelines[name]
            for each in found.inlets:
                if each not in found.outlets:
                    yield f"asset:{each}"

    def about(self, subject: str) -> deciding.About:
        """Who owns a subject, and its tags; of an automation, those of what it is for."""
        owners: dict[str, None] = {}
        tags: dict[str, None] = {}
        for target in self.targets_of(subject):
            kind, _, name = target.partition(":")
            if kind == "asset" and (asset := self._graph.assets.get(name)) is not None:
                owners.update(dict.fromkeys(asset.owners))
                tags.update({f"{tag}={value}" if value else tag: None for tag, value in asset.tags.items()})
            elif kind == "pipeline" and (pipeline := self._graph.pipelines.get(name)) is not None:
                owners.update(dict.fromkeys(pipeline.owners))
                tags.update(dict.fromkeys(pipeline.tags))
        return deciding.About(owners=tuple(owners), tags=tuple(tags))

    def selected(self, expression: str, subject: str) -> bool:
        """Whether a selection has a subject; of an automation, something that it is for."""
        chosen = self.chosen(expression)
        for target in self.targets_of(subject):
            kind, _, name = target.partition(":")
            if kind in ("asset", "pipeline") and name in chosen:
                return True
        return False

    def targets_of(self, subject: str) -> tuple[str, ...]:
        """The assets and pipelines that an automation is for; any other subject itself."""
        kind, _, name = subject.partition(":")
        if kind != "automation":
            return (subject,)
        found = self._graph.automations.get(name)
        if isinstance(found, automations.AssetAutomation):
            return (f"asset:{found.asset}",)
        if found is not None:
            if found.target.pipeline:
                return (f"pipeline:{found.target.pipeline}",)
            chosen = self.chosen(found.target.selection) if found.target.selection else frozenset()
            return tuple(
                f"pipeline:{each}" if each in self._graph.pipelines else f"asset:{each}" for each in sorted(chosen)
            )
        scheduled = name.partition(":")[2]
        if (job := self._graph.jobs.get(scheduled)) is not None:
            return tuple(f"asset:{each}" for each in sorted(self.chosen(job.selection)))
        return (f"pipeline:{scheduled}",)

    def chosen(self, expression: str) -> frozenset[str]:
        """What a selection has; nothing where it can't be evaluated, such as one of an asset that is gone."""
        if expression not in self._selected:
            try:
                self._selected[expression] = frozenset(selection.select(expression, self._world.planned))
            except errors.WeftError:
                self._selected[expression] = frozenset()
        return self._selected[expression]

    def is_gone(self, problem: alerting.Problem) -> bool:
        """Whether the subject of a problem is defined no more."""
        kind, _, name = problem.subject.partition(":")
        graph = self._graph
        match kind:
            case "asset":
                return name not in graph.assets
            case "pipeline":
                return name not in graph.pipelines
            case "automation":
                scheduled = name.removeprefix("schedule:")
                if scheduled != name:
                    return scheduled not in graph.pipelines and scheduled not in graph.jobs
                return name not in graph.automations
            case _:
                return False

    def chain(self, root: str, subject: str) -> tuple[str, ...]:
        """The shortest way from a root down to a subject; both alone where there is none."""
        below: dict[str, str] = {}
        waiting = [subject]
        for each in waiting:  # grows as it is walked
            if each == root:
                break
            for parent in self.above(each):
                if parent not in below and parent != subject:
                    below[parent] = each
                    waiting.append(parent)
        if root not in below:
            return (root,) if root == subject else (root, subject)
        found = [root]
        while found[-1] != subject:
            found.append(below[found[-1]])
        return tuple(found)
