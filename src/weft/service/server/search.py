"""Finding anything by its name."""

from __future__ import annotations

from weft.service import views
from weft.service import world as worlds
from weft.service.now import asked, failures, memory
from weft.service.server import standings

_FAILURE_WORDS = ("failed", "failure", "errors")
_LEAST_OF_FAILURE = 3
_MOST_FAILURES = 10


class HitView(views.View, frozen=True, kw_only=True):
    """Something that a search found. `id` is `asset:KEY`, `pipeline:NAME`, `job:NAME`, `run:ID` and so on."""

    id: str
    kind: str
    name: str
    detail: str
    score: int
    """Lower is nearer."""
    run: str | None = None
    """Of a failure: where it is to be looked at, down to the line of the log at which its error begins."""
    step: str | None = None
    partition: str | None = None
    log: str | None = None
    line: int | None = None


def search(
    world: worlds.World, known: standings.Standings, remembered: memory.Memory, text: str, *, limit: int
) -> list[HitView]:
    """Everything with a name, by how near it is to a text: equal, beginning so, a word so, within, in this order.

    Also the latest failures, of which the error or the name of what failed has the text, or all for "failed", "error".
    """
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
    failed = _failures(world, known, remembered, wanted) if len(wanted) >= _LEAST_OF_FAILURE else []
    if failed:
        found = found[: max(1, limit - len(failed))] + failed
    return found[:limit]


def _failures(world: worlds.World, known: standings.Standings, remembered: memory.Memory, text: str) -> list[HitView]:
    """The latest failures that a text finds, the newest first."""
    words = [each for each in text.split() if not any(word.startswith(each) for word in _FAILURE_WORDS)]
    now = world.clock.now()
    wrong = known.troubles(world, now, asked.by_schedules(world, known, now))[1].all if words else []
    candidates = failures.latest(world, remembered) + failures.of_troubles(world, remembered, wrong, " ".join(words))
    found: dict[tuple[str, str | None, str], HitView] = {}
    for each in sorted(candidates, key=lambda each: -each.at):
        told = f"{each.title} {each.what}".casefold()
        if all(word in told for word in words):
            error = each.failed.error
            hit = HitView(
                id=f"failure:{each.run}:{each.failed.log or ''}", kind="failure", name=each.title, detail=each.what,
                score=2 if words else 1, run=each.run, step=error.step or None, partition=error.partition,
                log=each.failed.log, line=each.failed.line,
            )  # fmt: skip
            found.setdefault((each.run, each.failed.log, each.what), hit)
        if len(found) == _MOST_FAILURES:
            break
    return list(found.values())


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
