"""Which assets an expression of the selection language means, in a graph; `selection_syntax` describes the language."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias, assert_never

from weft.model import graph, keys, spelling
from weft.model.selection_syntax import FIELDS as FIELDS
from weft.model.selection_syntax import STATUSES as STATUSES
from weft.model.selection_syntax import All, And, Not, Or, Reach
from weft.model.selection_syntax import Named as Named
from weft.model.selection_syntax import Selection as Selection
from weft.model.selection_syntax import SelectionError as SelectionError
from weft.model.selection_syntax import Where as Where
from weft.model.selection_syntax import parse as parse

Statuses: TypeAlias = Callable[[keys.AssetKey], frozenset[str]]


def select(expression: str | Selection, within: graph.Graph, statuses: Statuses | None = None) -> list[keys.AssetKey]:
    """Return the keys that an expression selects: each after what it is made from, else as they are defined.

    Args:
        expression: text, or what `parse` made of it.
        within: the graph.
        statuses: gives the words of `STATUSES` that hold for an asset.

    Raises:
        SelectionError: it can't be read, names an unknown or ambiguous asset or job, or asks for a status without
            `statuses`.
    """
    parsed = parse(expression) if isinstance(expression, str) else expression
    found = _Evaluation(within, statuses).of(parsed)
    ranks = within.rank
    assets = within.assets
    ordered = [key for key in assets if key in found] if len(found) * 8 > len(assets) else list(found)
    places: dict[str, int] = {}
    if len(ordered) * 8 <= len(assets):
        places = {key: place for place, key in enumerate(assets) if key in found}

    def rank(key: keys.AssetKey) -> tuple[int, int]:
        step = assets[key].step
        return (-1 if step is None else ranks.get(step, len(ranks)), places.get(key, 0))

    ordered.sort(key=rank)
    return ordered


class _Evaluation:
    """Evaluates one selection on one graph."""

    def __init__(self, within: graph.Graph, statuses: Statuses | None) -> None:
        self._graph = within
        self._statuses = statuses
        self._jobs: list[str] = []
        self._by_last: dict[str, list[str]] | None = None

    def of(self, selection: Selection) -> set[keys.AssetKey]:
        """Return the keys that a selection means."""
        match selection:
            case All():
                return set(self._graph.assets)
            case Named():
                return self._named(selection)
            case Where():
                return self._where(selection)
            case Reach():
                found = self.of(selection.of)
                above = _reach(found, selection.upstream, self._graph.upstream)
                return above | _reach(found, selection.downstream, self._graph.downstream)
            case Not():
                return set(self._graph.assets) - self.of(selection.of)
            case And():
                return set.intersection(*(self.of(each) for each in selection.parts))
            case Or():
                return set.union(*(self.of(each) for each in selection.parts))
            case _:
                assert_never(selection)

    def _named(self, named: Named) -> set[keys.AssetKey]:
        assets, name = self._graph.assets, named.name
        if name in assets:
            return {name}
        if is_glob(name):
            matches = _matcher((name,))
            return {key for key in assets if matches(key) or matches(key.rpartition("/")[2])}
        if self._by_last is None:
            self._by_last = {}
            for key in assets:
                self._by_last.setdefault(key.rpartition("/")[2], []).append(key)
        found = self._by_last.get(name, [])
        if len(found) == 1:
            return set(found)
        if found:
            raise SelectionError(
                f"{name!r} may be {_listed(found)}.",
                source=named.source or name,
                column=named.column,
                remedy=f'Write the whole key, or `"*/{name}"` for all of them.',
            )
        pipelines = self._graph.pipelines
        near = None if name in pipelines else spelling.did_you_mean(name, [*assets, *pipelines])
        raise SelectionError(
            f"There is no asset {name!r}.",
            source=named.source or name,
            column=named.column,
            remedy=near or self._remedy_for(name),
        )

    def _remedy_for(self, name: str) -> str:
        if name in self._graph.pipelines:
            return f"There is a pipeline of that name: `weft pipelines {name}` shows it, `weft run {name}` runs it."
        if name in self._graph.jobs:
            return f"There is a job of that name: `job:{name}`."
        if any(asset.group == name for asset in self._graph.assets.values()):
            return f"There is a group of that name: `group:{name}`."
        return "`weft ls` shows what there is to select."

    def _where(self, where: Where) -> set[keys.AssetKey]:
        assets = self._graph.assets
        match where.field:
            case "status":
                return self._with_status(where)
            case "job":
                return self._of_jobs(where)
            case "tag":
                tests = [_tag_test(value) for value in where.values]
                return {key for key, asset in assets.items() if asset.tags and any(test(asset) for test in tests)}
            case "key":
                names = (Named(value, where.column, where.source) for value in where.values)
                return set[str]().union(*(self._named(each) for each in names))
            case "group":
                matches = _matcher(where.values)
                return {key for key, asset in assets.items() if matches(asset.group)}
            case "owner":
                matches = _matcher(where.values)
                return {key for key, asset in assets.items() if any(map(matches, asset.owners))}
            case "kind":
                matches = _matcher(where.values)
                return {key for key, asset in assets.items() if any(map(matches, asset.kinds))}
            case _:
                assert_never(where.field)

    def _with_status(self, where: Where) -> set[keys.AssetKey]:
        if self._statuses is None:
            raise SelectionError(
                "The status of assets is not known here.",
                source=where.source or "status:",
                column=where.column,
                remedy="Select by name, group, tag, owner or kind.",
            )
        wanted, statuses = frozenset(where.values), self._statuses
        return {key for key in self._graph.assets if not wanted.isdisjoint(statuses(key))}

    def _of_jobs(self, where: Where) -> set[keys.AssetKey]:
        found: set[keys.AssetKey] = set()
        for name in _jobs_named(where, self._graph):
            if name in self._jobs:
                raise SelectionError(
                    f"The job {name!r} selects itself: {' → '.join([*self._jobs, name])}.",
                    source=where.source or f"job:{name}",
                    column=where.column,
                    remedy="Take it out of its own selection.",
                )
            self._jobs.append(name)
            found |= self.of(parse(self._graph.jobs[name].selection))
            self._jobs.pop()
        return found


def _jobs_named(where: Where, within: graph.Graph) -> list[str]:
    """Return the names of the jobs that are meant; SelectionError for one that is not there."""
    names: list[str] = []
    for value in where.values:
        if is_glob(value):
            matches = _matcher((value,))
            names.extend(each for each in within.jobs if matches(each))
        elif value in within.jobs:
            names.append(value)
        else:
            raise SelectionError(
                f"There is no job {value!r}.",
                source=where.source or f"job:{value}",
                column=where.column,
                remedy=spelling.did_you_mean(value, within.jobs)
                or (f"There are {_listed(list(within.jobs))}." if within.jobs else "No jobs are defined."),
            )
    return names


def _reach(
    start: set[keys.AssetKey], steps: int, neighbours: Callable[[keys.AssetKey], Iterable[keys.AssetKey]]
) -> set[keys.AssetKey]:
    """Return `start` with what is at most so many steps away."""
    found, edge = set(start), start
    while edge and steps:
        edge = {other for key in edge for other in neighbours(key) if other not in found}
        found |= edge
        steps -= 1
    return found


def is_glob(text: str) -> bool:
    """Tell whether a name stands for all that it matches."""
    return any(letter in text for letter in "*?[")


def _matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Return a test for texts that are one of `patterns`, or match one that is a glob."""
    exact = frozenset(patterns)
    globs = [re.compile(fnmatch.translate(each)).match for each in patterns if is_glob(each)]
    if not globs:
        return exact.__contains__
    return lambda text: text in exact or any(match(text) for match in globs)


def _tag_test(value: str) -> Callable[[graph.Asset], bool]:
    name, equals, wanted = value.partition("=")
    names, values = _matcher((name,)), _matcher((wanted,))
    if not equals:
        return lambda asset: any(map(names, asset.tags))
    return lambda asset: any(names(tag) and values(given) for tag, given in asset.tags.items())


def _listed(names: Sequence[str]) -> str:
    quoted = [repr(each) for each in names[:6]]
    if len(names) > len(quoted):
        return f"{', '.join(quoted)} and {len(names) - len(quoted)} more"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def needs_status(selection: str | Selection, within: graph.Graph | None = None) -> bool:
    """Tell whether the status of assets is needed to evaluate a selection; with a graph, also through its jobs.

    Raises:
        SelectionError: it is text that can't be read, or names a job that is not there.
    """
    parsed = parse(selection) if isinstance(selection, str) else selection
    waiting, jobs = [parsed], set[str]()
    while waiting:
        part = waiting.pop()
        if isinstance(part, Where):
            if part.field == "status":
                return True
            if part.field == "job" and within is not None:
                new = [name for name in _jobs_named(part, within) if name not in jobs]
                jobs.update(new)
                waiting.extend(parse(within.jobs[name].selection) for name in new)
        waiting.extend(_parts(part))
    return False


def leaves(selection: Selection) -> Iterator[Named | Where]:
    """Return the names and fields that an expression is made of."""
    if isinstance(selection, Named | Where):
        yield selection
    for part in _parts(selection):
        yield from leaves(part)


def _parts(selection: Selection) -> Iterator[Selection]:
    match selection:
        case Reach() | Not():
            yield selection.of
        case And() | Or():
            yield from selection.parts
        case _:
            return


def completions(prefix: str, within: graph.Graph) -> list[str]:
    """Return what an expression that ends in `prefix` may go on as: whole expressions, sorted, keys before fields."""
    start = max((prefix.rfind(letter) for letter in " (,+|"), default=-1) + 1
    # The value of a field may stand behind a '|'.
    colon = prefix.rfind(":", 0, start) if start and prefix[start - 1] == "|" else prefix.find(":", start)
    head, word = prefix[:start], prefix[start:]
    if colon >= 0:
        field_start = max((prefix.rfind(letter, 0, colon) for letter in " (,+|"), default=-1) + 1
        field = prefix[field_start:colon].lower()
        if start <= colon:
            head, word = prefix[: colon + 1], prefix[colon + 1 :]
        return [head + value for value in sorted(_values(field, within)) if value.startswith(word)]
    found = sorted(key for key in within.assets if key.startswith(word) or key.rpartition("/")[2].startswith(word))
    fields = [f"{field}:" for field in FIELDS if field.startswith(word)]
    return [head + each for each in (*found, *fields)]


def _values(field: str, within: graph.Graph) -> set[str]:
    assets = within.assets.values()
    match field:
        case "key":
            return set(within.assets)
        case "group":
            return {asset.group for asset in assets}
        case "tag":
            return {f"{name}={value}" if value else name for asset in assets for name, value in asset.tags.items()}
        case "owner":
            return {owner for asset in assets for owner in asset.owners}
        case "kind":
            return {kind for asset in assets for kind in asset.kinds}
        case "status":
            return set(STATUSES)
        case "job":
            return set(within.jobs)
        case _:
            return set()
