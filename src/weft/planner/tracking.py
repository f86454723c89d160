"""Where assets stand, worked out again only for what something happened to and for what that reaches.

Theory of operation. A `Tracking` holds what `planning.status` finds of some assets: the scope, the standing of each
step, the status of each asset. A turn takes what is known now and works out again

- the steps whose outputs or inputs changed, or of whose outputs a live run makes something else;
- those of which other partitions are wanted, since time brought new ones or a pipeline desires other intervals;
- those that are late, or are to be made again for something below them that is late: each asset with a freshness policy
  says when it may come to stand otherwise by time alone;
- and down from these, as long as a standing comes out otherwise than before. Below a step that is due or held back it
  goes on even so as far as chains of causes reach through it, since the causes at their beginning may have changed;
  that is by far the most of it, and left out of what is tracked without `causes`.

What comes out is what `planning.status` gives (a property test holds that), and the cost follows the changes.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.model import keys, partition_set, partitions, plan
from weft.planner import causes, evaluation, freshness, planning
from weft.planner import found as findings
from weft.planner import scope as scopes
from weft.planner import standing as standings

PartitionSet = partition_set.PartitionSet
_Outlook = tuple[freshness.OutlookState, datetime | None, PartitionSet]


class Tracking:
    """Where some assets of a graph stand."""

    def __init__(self, graph: graphs.Graph, assets: Iterable[keys.AssetKey], *, causes: bool = True) -> None:
        """Track these assets of `graph`; nothing is known yet. Their statuses have no causes unless `causes`."""
        self._graph = graph
        self._causes = causes
        self._chosen = dict.fromkeys(assets)
        self._pipelines = [each for each in self._chosen if each in graph.pipelines]
        self._begin()

    def _begin(self) -> None:
        self._now: datetime | None = None
        self._definitions: dict[partitions.Partitions, tuple[list[keys.AssetKey], set[keys.StepKey]]] = {}
        self._universes: dict[partitions.Partitions, PartitionSet] = {}
        self._wanted: dict[keys.AssetKey, PartitionSet] = {}
        self._scope: scopes.Scope = {}
        self._seeds: freshness.Seeds = {}
        self._standings: dict[keys.StepKey, standings.Standing] = {}
        self._reserved: Mapping[str, object] = {}
        self._outlooks: dict[keys.AssetKey, _Outlook] = {}
        self._wakes: list[tuple[datetime, keys.AssetKey]] = []
        self._late: set[keys.AssetKey] = set()
        self._accepted: set[keys.AssetKey] = set()
        self._statuses: dict[keys.AssetKey, plan.AssetStatus] = {}
        self._in_order = True
        self.read_again: set[keys.StepKey] = set()
        """Steps of whose outputs or inputs something else is known; for their reader, who may empty it."""
        self.evaluated = 0
        """How many steps the last turn worked out."""

    @property
    def weight(self) -> int:
        """How many steps are held in memory."""
        return len(self._standings) + len(self._statuses)

    def turn(
        self, observed: columns_model.Observed, changed: Collection[keys.AssetKey] | None, now: datetime
    ) -> Mapping[keys.AssetKey, plan.AssetStatus]:
        """Where the assets stand now.

        Args:
            observed: what is known of them and of everything above them.
            changed: those of which something else is known than in the last turn; None for all.
            now: the time; where it went back all is worked out anew.
        """
        if self._now is not None and now < self._now:
            self._begin()
        try:
            if changed is None:
                self._begin()
            return self._turn(observed, set(observed.columns if self._now is None else changed or ()), now)
        except BaseException:  # half of a turn holds for nothing
            self._begin()
            raise

    def _turn(
        self, observed: columns_model.Observed, changed: set[keys.AssetKey], now: datetime
    ) -> Mapping[keys.AssetKey, plan.AssetStatus]:
        if self._now is None:
            self._look_at_definitions(observed.columns)
        found = findings.Evaluation(
            graph=self._graph, observed=observed, now=now, selected=frozenset(self._wanted), standings=self._standings
        )
        touched: set[keys.AssetKey] = set(changed)  # assets whose status is to be told again
        direct: set[keys.StepKey] = set()
        grown = self._grow(now)
        for definition in grown:
            of_assets, of_steps = self._definitions[definition]
            touched.update(of_assets)
            direct |= of_steps
        moved = self._rescope(found, bool(grown), direct, touched)
        for asset in changed:
            (self._accepted.add if found.columns(asset).accepted else self._accepted.discard)(asset)
            direct.update(self._graph.readers.get(asset, ()))
        reserved = observed.reserved
        touched |= {each for each in {*self._reserved, *reserved} if self._reserved.get(each) != reserved.get(each)}
        touched |= self._age(found, touched)
        moved = moved or self._now is None
        direct |= self._reseed(found, changed, moved)
        direct.update(step for asset in touched if (step := self._graph.assets[asset].step) is not None)
        again, told = self._evaluate(found, direct)
        self.read_again |= direct
        touched.update(asset for step in told for asset in self._graph.steps[step].outputs)
        self._tell(found, touched)
        self._now, self._reserved = now, dict(reserved)
        self.evaluated = len(again)
        return self._statuses

    def evaluation(self, observed: columns_model.Observed) -> findings.Evaluation:
        """What an evaluation of the last turn's time and of what was `observed` in it would find; to be read only."""
        assert self._now is not None
        if not self._in_order:
            rank = self._graph.rank
            self._standings = dict(sorted(self._standings.items(), key=lambda each: rank[each[0]]))
            self._in_order = True
        return findings.Evaluation(
            graph=self._graph,
            observed=observed,
            now=self._now,
            selected=frozenset(self._wanted),
            standings=dict(self._standings),
        )

    def explained(self, observed: columns_model.Observed, asset: keys.AssetKey) -> plan.AssetStatus:
        """Where an asset stood in the last turn, in which this was `observed`, and why."""
        return causes.Explainer(self.evaluation(observed)).status(asset)

    def _look_at_definitions(self, scope: Iterable[keys.AssetKey]) -> None:
        """Note which assets and steps depend on which partitions."""
        graph = self._graph
        for asset in scope:
            divided, maker = graph.assets[asset].partitions, graph.assets[asset].step
            makers = [] if maker is None else [maker]
            if divided is not None:
                of_assets, of_steps = self._definitions.setdefault(divided, ([], set()))
                of_assets.append(asset)
                of_steps.update(makers, graph.readers.get(asset, ()))
            for step in makers:
                own = graph.steps[step].partitions
                if own is not None:
                    self._definitions.setdefault(own, ([], set()))[1].add(step)

    def _grow(self, now: datetime) -> list[partitions.Partitions]:
        """The definitions that have other partitions than before."""
        if now == self._now:
            return []
        grown = []
        for definition in self._definitions:
            universe = definition.universe(now)
            if self._universes.get(definition) != universe:
                self._universes[definition] = universe
                grown.append(definition)
        return grown

    def _rescope(
        self, found: findings.Evaluation, grown: bool, direct: set[keys.StepKey], touched: set[keys.AssetKey]
    ) -> bool:
        """Find out anew what is wanted, where that may be other than before; returns whether it is."""
        graph, is_first = self._graph, self._now is None
        news: dict[keys.AssetKey, PartitionSet] = {}
        for asset in self._chosen if grown or is_first else self._pipelines:
            if graph.assets[asset].step is not None:
                wanted = planning.existing(graph, found.observed, asset, found.now, exact=False)
                if self._wanted.get(asset) != wanted:
                    news[asset] = wanted
        if not news and not grown and not is_first:
            return False
        self._wanted.update(news)
        wanted_now = {asset: self._wanted[asset] for asset in self._chosen if asset in self._wanted}
        scope = scopes.find(found, wanted_now, {}, exact=False)
        direct.update(step for step, what in scope.items() if self._scope.get(step) != what)
        for step in self._scope.keys() - scope.keys():
            self._standings.pop(step, None)
            for output in graph.steps[step].outputs:
                touched.add(output)
                direct.update(graph.readers.get(output, ()))
        self._scope = scope
        return True

    def _age(self, found: findings.Evaluation, touched: Collection[keys.AssetKey]) -> set[keys.AssetKey]:
        """Look at the freshness of what was touched and of what time concerns; returns what it is another one of."""
        looked = {each for each in touched if self._graph.assets[each].freshness is not None}
        while self._wakes and self._wakes[0][0] <= found.now:
            looked.add(heapq.heappop(self._wakes)[1])
        changed = set()
        for key in looked:
            asset = self._graph.assets[key]
            seen = freshness.outlook_of(asset, found.columns(key), found.now)
            if seen.next_change is not None:
                heapq.heappush(self._wakes, (seen.next_change, key))
            outlook = (seen.state, seen.deadline, seen.late)
            if self._outlooks.get(key) != outlook:
                self._outlooks[key] = outlook
                changed.add(key)
        return changed

    def _reseed(self, found: findings.Evaluation, changed: Collection[keys.AssetKey], moved: bool) -> set[keys.StepKey]:
        """Find out anew what is made again for something late; returns the steps of which that is other than before."""
        late = {
            key
            for key, (_, _, ordinals) in self._outlooks.items()
            if ordinals and self._graph.assets[key].partitions is None
        }
        touched = {step for step, subjects in self._seeds.items() if not subjects.keys().isdisjoint(changed)}
        if late == self._late and not moved:
            return touched
        seeds = freshness.seeds(found, self._scope, {}) if late else {}
        for step in {*seeds, *self._seeds}:
            if list(seeds.get(step, {}).items()) != list(self._seeds.get(step, {}).items()):
                touched.add(step)
        self._late, self._seeds = late, seeds
        return touched

    def _evaluate(
        self, found: findings.Evaluation, direct: Collection[keys.StepKey]
    ) -> tuple[set[keys.StepKey], set[keys.StepKey]]:
        """Work out these steps, and what is below them as far as it comes out otherwise.

        Returns all that were worked out, and those of whose outputs there is something else to tell than before, beside
        what is known of the outputs themselves.
        """
        rank, order = self._graph.rank, self._graph.order
        noted = {step for step in direct if step in self._scope}
        told: set[keys.StepKey] = set()
        waiting = [rank[step] for step in noted]
        heapq.heapify(waiting)
        while waiting:
            key = order[heapq.heappop(waiting)]
            before = self._standings.get(key)
            standing = evaluation.again(found, key, self._scope, self._seeds)
            self._in_order = self._in_order and before is not None
            if before is not None and before == standing:
                self._standings[key] = before  # who kept it sees at once that nothing is otherwise
                if not self._is_passed_on(standing, key in direct):
                    continue
            else:
                told.add(key)
            for output in standing.step.outputs:
                for reader in self._graph.readers.get(output, ()):
                    if reader in self._scope and reader not in noted:
                        noted.add(reader)
                        heapq.heappush(waiting, rank[reader])
        return noted, noted if self._causes else told

    def _is_passed_on(self, standing: standings.Standing, is_direct: bool) -> bool:
        """Whether what is below a step that stands as before may be otherwise all the same."""
        if not standing.due and not standing.held:
            return False
        if self._accepted:  # for causes of which the versions above are a part
            return True
        if not self._causes:
            return False
        if is_direct or standing.blocked_by:
            return True
        # what has no data tells no chain of causes
        silent = standing.missing - standing.conditional
        return any(not ordinals <= silent for ordinals in standing.upstream.values())

    def _tell(self, found: findings.Evaluation, touched: Collection[keys.AssetKey]) -> None:
        explainer = causes.Explainer(found)
        news = {asset: explainer.status(asset, causes=self._causes) for asset in touched if asset in self._chosen}
        if self._now is None:
            self._statuses = {asset: news[asset] for asset in self._chosen}
        elif news:
            # a new mapping, since the last one may still be read
            self._statuses = {**self._statuses, **news}
