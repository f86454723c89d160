"""What an operator asks first: what is broken, stale or late and by what; what waits and runs. And search."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from weft.model import plan
from weft.ports import ledger as ledgers
from weft.ports import paging
from weft.service import asset_views, history, incidents, standings, views
from weft.service import world as worlds

MOST = 50
_BROKEN = ("failed", "blocked")
_BEHIND = ("stale", "overdue", "missing")


class TroubleView(views.View, frozen=True, kw_only=True):
    """One root of trouble, with what it hits: the assets and pipelines that are not right because of it."""

    root: str
    status: str
    cause: views.CauseView | None
    hits: list[str]
    """The first of them."""
    count: int


class NowView(views.View, frozen=True, kw_only=True):
    """The state of everything at `position`.

    `broken` has what failed or is blocked, `behind` what is missing, stale or overdue, each by root cause.
    """

    at: str | None
    position: int
    assets: dict[str, int]
    pipelines: dict[str, int]
    broken: list[TroubleView]
    behind: list[TroubleView]
    incidents: list[incidents.IncidentView]
    running: list[views.RunView]
    waiting: list[views.RunView]
    questions: int
    locations_failed: list[str]


class HitView(views.View, frozen=True, kw_only=True):
    """Something that a search found. `id` is `asset:KEY`, `pipeline:NAME`, `job:NAME`, `run:ID` and so on."""

    id: str
    kind: str
    name: str
    detail: str
    score: int
    """Lower is nearer."""


def now(world: worlds.World, known: standings.Standings, moment: datetime) -> NowView:
    """What is wrong, what runs, what waits."""
    statuses = known.all(world, moment)
    graph, ledger = world.graph, world.ledger
    counted: dict[bool, dict[str, int]] = {True: {}, False: {}}
    told = [(status.status, status) for status in statuses.values()]
    for word, status in told:
        name = status.asset
        if name in graph.assets and asset_views.kind_of(graph.assets[name]) == "external":
            continue
        words = counted[name in graph.pipelines]
        words[word] = words.get(word, 0) + 1
    live = ledger.run_page(paging.RunFilter(live=True), limit=4 * MOST).rows
    return NowView(
        at=views.time_of(moment),
        position=ledger.position(),
        assets=counted[False],
        pipelines=counted[True],
        broken=_troubles(each for word, each in told if word in _BROKEN),
        behind=_troubles(each for word, each in told if word in _BEHIND),
        incidents=incidents.ls(ledger, limit=MOST),
        running=_runs(ledger, [row for row in live if row.phase != "created"]),
        waiting=_runs(ledger, [row for row in live if row.phase == "created"]),
        questions=len(ledger.input_requests(open_only=True)),
        locations_failed=[row.name for row in ledger.locations() if row.problems and not row.removed],
    )


def _runs(ledger: ledgers.Ledger, rows: list[ledgers.RunRow]) -> list[views.RunView]:
    return [history.run_view(ledger, row) for row in rows[:MOST]]


def _troubles(statuses: Iterable[plan.AssetStatus]) -> list[TroubleView]:
    """The statuses by the end of their first chain of causes, those that hit most first."""
    by_root: dict[str, list[plan.AssetStatus]] = {}
    ends: dict[str, plan.Cause | None] = {}
    for status in statuses:
        cause = status.causes[0] if status.causes else None
        while cause is not None and cause.root is not None:
            cause = cause.root
        root = cause.subject if cause is not None and cause.kind not in ("code_changed",) else status.asset
        by_root.setdefault(root, []).append(status)
        ends.setdefault(root, cause)
    found = [
        TroubleView(
            root=root,
            status=next((each.status for each in several if each.asset == root), several[0].status),
            cause=views.cause_view(end) if (end := ends[root]) is not None else None,
            hits=[each.asset for each in several][:MOST],
            count=len(several),
        )
        for root, several in by_root.items()
    ]
    return sorted(found, key=lambda each: -each.count)[:MOST]


def search(world: worlds.World, text: str, *, limit: int) -> list[HitView]:
    """Everything with a name, by how near it is to a text: equal, beginning so, a word so, within, in this order."""
    graph, wanted = world.graph, text.casefold()
    found: list[HitView] = []

    def look(kind: str, name: str, detail: str) -> None:
        score = _nearness(name.casefold(), wanted)
        if score is not None:
            found.append(HitView(id=f"{kind}:{name}", kind=kind, name=name, detail=detail, score=score))

    for key, asset in graph.assets.items():
        look("asset", key, asset.group)
    for name, pipeline in graph.pipelines.items():
        look("pipeline", name, pipeline.kind)
    for name, job in graph.jobs.items():
        look("job", name, job.selection)
    for name in graph.automations:
        look("automation", name, "")
    for row in world.ledger.locations():
        if not row.removed:
            look("location", row.name, row.source)
    if len(text) >= 4:
        found += [
            HitView(id=f"run:{run.id}", kind="run", name=run.id, detail=run.pipeline or run.request, score=1)
            for run in world.ledger.runs_with_prefix(text)[:limit]
        ]
    found.sort(key=lambda each: (each.score, len(each.name), each.name))
    return found[:limit]


def _nearness(name: str, text: str) -> int | None:
    if not text or name == text:
        return 0
    if name.startswith(text):
        return 1
    place = name.find(text)
    if place > 0:
        return 2 if not name[place - 1].isalnum() else 3
    letters = iter(name)
    return 4 if all(letter in letters for letter in text) else None
