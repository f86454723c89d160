"""From the calls, arrows, groups and scopes of a declaration to what each step waits for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from weft.define import problems
from weft.define.dags import calls
from weft.model import graph, keys, pipelines

if TYPE_CHECKING:
    from weft.define.dags import declaration
    from weft.define.dags.edges import End


class Order:
    """What each step waits for. `above` has by step the steps above it, with whether their values are read."""

    def __init__(self, declared: declaration.Declaration) -> None:
        self._declared = declared
        self._by_key = {each.key: each for each in declared.calls.values()}
        self.above: dict[keys.StepKey, dict[keys.StepKey, bool]] = {
            each.key: {**dict.fromkeys(each.fan_steps, False), **dict.fromkeys(each.reads, True)}
            for each in declared.calls.values()
        }
        self._below: dict[keys.StepKey, dict[keys.StepKey, None]] = {key: {} for key in self._by_key}
        for key, several in self.above.items():
            for each in [one for one in several if one not in self._by_key]:
                del several[each]  # of another DAG, which has been told
            for each in several:
                self._below[each][key] = None
        self._labels: dict[tuple[keys.StepKey, keys.StepKey], str] = {}
        self._members = _members(declared.calls.values())
        # Arrows between steps tell the first and last ones of a scope, and scopes the first and last ones of a group.
        relations = declared.relations
        self._draw_arrows([each for each in relations if not _has_group(each)])
        self._join_scopes()
        self._draw_arrows([each for each in relations if _has_group(each)])

    def below(self, key: keys.StepKey) -> tuple[str, ...]:
        """The ids of the tasks directly below a step, in order of declaration."""
        return tuple([self._by_key[each].id for each in self._below[key]])

    def groups_below(self, key: keys.StepKey) -> dict[str, tuple[str, ...]]:
        """Of the tasks directly below a step, those in each group, by the id of the group."""
        found: dict[str, list[str]] = {}
        for each in self._below[key]:
            call = self._by_key[each]
            group = call.group
            while group is not None:
                found.setdefault(group.id, []).append(call.id)
                group = group.parent
        return {name: tuple(ids) for name, ids in found.items()}

    def edges(self, call: calls.Call) -> tuple[pipelines.Edge, ...]:
        """What a step waits for, as the model has it."""
        mapped = call.mapped_group
        found = []
        for key, value in self.above[call.key].items():
            aligned = mapped is not None and self._by_key[key].mapped_group is mapped
            if value and not call.reads.get(key, True):
                aligned = False
            label = self._labels.get((key, call.key), "") if self._labels else ""
            found.append(pipelines.Edge(step=key, value=value, aligned=aligned, label=label))
        return tuple(found)

    def setups(self, call: calls.Call) -> tuple[keys.StepKey, ...]:
        """The setups of a teardown: those that were named, and those right above it."""
        named = [each.key for each in call.setups]
        right_above = [key for key in self.above[call.key] if self._by_key[key].role == "setup"]
        return tuple(dict.fromkeys([*named, *right_above]))

    def sorted(self, found: problems.Problems) -> list[keys.StepKey]:
        """The steps, each after those above it. Adds each cycle, with the ids along it."""
        ordered = graph.topological(self._by_key, lambda key: self.above[key])
        if len(ordered) < len(self._by_key):
            placed = set(ordered)
            left = {key: None for key in self._by_key if key not in placed}
            cycle = list(reversed(graph.find_cycle(left, lambda key: self.above[key])))
            found.add(
                "cycle",
                f"Steps of the DAG {self._declared.name!r} wait for each other: "
                f"{' >> '.join(self._by_key[each].id for each in reversed(cycle))}.",
                remedy="Take one of the arrows away.",
                location=self._by_key[cycle[0]].location,
            )
        return ordered

    def _add(self, above: calls.Call, below: calls.Call) -> None:
        self.above[below.key].setdefault(above.key, False)
        self._below[above.key][below.key] = None

    def _draw_arrows(self, relations: list[tuple[End, End, str]]) -> None:
        # The first and last steps of a group are known once all arrows within it are drawn, so the deepest go first.
        for above, below, label in sorted(relations, key=_depth_of, reverse=True):
            for one in self._ends(above, last=True):
                for other in self._ends(below, last=False):
                    self._add(one, other)
                    if label:
                        self._labels[one.key, other.key] = label

    def _ends(self, end: End, *, last: bool) -> Iterable[calls.Call]:
        if isinstance(end, calls.Call):
            return (end,)
        members = self._members.get(id(end), {})
        return self._last(members) if last else self._first(members)

    def _first(self, members: Mapping[keys.StepKey, calls.Call]) -> list[calls.Call]:
        return [each for key, each in members.items() if not any(one in members for one in self.above[key])]

    def _last(self, members: Mapping[keys.StepKey, calls.Call]) -> list[calls.Call]:
        """The last steps; teardowns are passed over, so that what follows doesn't wait for cleaning up."""
        works = {key: each for key, each in members.items() if each.role != "teardown"} or members
        return [each for key, each in works.items() if not any(one in works for one in self._below[key])]

    def _join_scopes(self) -> None:
        for scope in self._declared.scopes:
            members = {each.key: each for each in scope.members}
            if not members:
                continue
            owner = scope.owner
            setups = [owner] if owner.role == "setup" else [self._by_key[key] for key in self.setups(owner)]
            first, last = self._first(members), self._last(members)
            for setup in setups:
                for each in first:
                    if each is not setup:
                        self._add(setup, each)
            if owner.role == "teardown":
                for each in last:
                    self._add(each, owner)


def _members(all_calls: Iterable[calls.Call]) -> dict[int, dict[keys.StepKey, calls.Call]]:
    """The steps in each group, and in the groups within, by the identity of the group."""
    found: dict[int, dict[keys.StepKey, calls.Call]] = {}
    for call in all_calls:
        group = call.group
        while group is not None:
            found.setdefault(id(group), {})[call.key] = call
            group = group.parent
    return found


def _has_group(relation: tuple[End, End, str]) -> bool:
    return not (isinstance(relation[0], calls.Call) and isinstance(relation[1], calls.Call))


def _depth_of(relation: tuple[End, End, str]) -> int:
    return min(_depth(relation[0]), _depth(relation[1]))


def _depth(end: End) -> int:
    group = end.group if isinstance(end, calls.Call) else end.parent
    depth = 0
    while group is not None:
        depth += 1
        group = group.parent
    return depth
