"""Finding anything by its name."""

from __future__ import annotations

from weft.service import views
from weft.service import world as worlds


class HitView(views.View, frozen=True, kw_only=True):
    """Something that a search found. `id` is `asset:KEY`, `pipeline:NAME`, `job:NAME`, `run:ID` and so on."""

    id: str
    kind: str
    name: str
    detail: str
    score: int
    """Lower is nearer."""


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
