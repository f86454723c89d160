"""What people do with runs: cancel them, repeat them, answer what they ask, let them go on, move them in the queue."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from weft.model import errors
from weft.ports import clock as clocks
from weft.service import views
from weft.service.run import cancelling, history, run_details
from weft.surfaces.http import routing
from weft.surfaces.http.call import Answer, Call
from weft.surfaces.http.resources import runs

routes = routing.Routes(tag="runs")


class Cancel(routing.Body, frozen=True, kw_only=True):
    """Why a run is cancelled."""

    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""


@routes.post(
    "/runs/{id}/cancel", scope="runs.cancel", body=Cancel, answer=cancelling.CancelView, summary="Cancel a run"
)
def cancel(call: Call, id: str, body: Cancel) -> Answer:  # noqa: A002 - the word of the path
    """End a run: at once where nobody drives it, else its process is asked to; asked again, it ends what runs."""
    with call.world() as world:
        row = runs.found(world.ledger, id)
        done = cancelling.cancel(world, row.id, by=call.principal.name, reason=body.reason)
    return Answer(done, target=f"run:{row.id}", detail={"reason": body.reason, "was": row.phase})


class Rerun(routing.Body, frozen=True, kw_only=True):
    """What of a run is repeated: the whole, what failed, from a step on, or single steps (`load`, or `load+`)."""

    from_failed: bool = False
    from_step: runs.Name | None = None
    only: runs.Name | None = None
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    """Override those of the run."""
    texts: runs.Texts = msgspec.field(default_factory=dict)
    """Parameters as text, each taken by its type; they go before `params`."""
    pool: runs.Pool = ""


@routes.post(
    "/runs/{id}/rerun", scope="runs.create", body=Rerun, answer=views.RunView, status=201, idempotent=True,
    summary="Repeat a run as a new one",
)  # fmt: skip
def rerun(call: Call, id: str, body: Rerun) -> Answer:  # noqa: A002
    """A new run, linked with the one that it repeats, with the results that it keeps of that."""
    from weft.service.pipeline import parameters, pipelines
    from weft.service.queue import queueing
    from weft.service.run import reruns

    with call.world() as world:
        row = reruns.finished(world, runs.found(world.ledger, id).id)
        texts = parameters.of_mapping(pipelines.find(world, row.pipeline or ""), body.texts)
        wanted = reruns.wanted(
            world,
            row.id,
            from_failed=body.from_failed,
            from_step=body.from_step,
            only=body.only,
            params={**body.params, **texts},
            pool=body.pool,
        )
        made = queueing.request_run(world, wanted)
        view = history.run_view(world.ledger, made)
    return Answer(view, location=f"/runs/{view.id}", target=f"run:{view.id}", detail={"rerun_of": row.id})


class Given(routing.Body, frozen=True, kw_only=True):
    """The answer to a question of a run; `value` None is a go-ahead where no form is asked."""

    value: Any = None
    key: runs.Name | None = None
    """Which question, where there are several."""


@routes.post(
    "/runs/{id}/input", scope="runs.answer", body=Given, answer=views.RunView, summary="Answer what a run asks"
)
def give(call: Call, id: str, body: Given) -> Answer:  # noqa: A002
    """The answer is held against the form; a run that waits for it goes on by itself."""
    from weft.service.pipeline import flows

    with call.world() as world:
        row = runs.found(world.ledger, id)
        if not world.ledger.input_requests(row.id, open_only=True):
            raise errors.ConflictError(
                f"Run {row.id} asks nothing{' any more' if row.phase == 'finished' else ''}.",
                remedy=f"`GET /runs/{row.id}` shows where it stands.",
            )
        flows.answer(world.ledger, row.id, value=body.value, by=call.principal.name, key=body.key)
        view = history.run_view(world.ledger, runs.found(world.ledger, row.id))
    return Answer(view, target=f"run:{row.id}", detail={"key": body.key})


class Resume(routing.Body, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a question of the run; left out where a go-ahead is enough, or where nothing is asked."""

    value: Any | msgspec.UnsetType = msgspec.UNSET
    key: runs.Name | None = None
    """Which question, where there are several."""


@routes.post("/runs/{id}/resume", scope="runs.answer", body=Resume, answer=views.RunView, summary="Have a run go on")
def resume(call: Call, id: str, body: Resume) -> Answer:  # noqa: A002
    """What `weft resume` does: answer what the run asks, and have a worker go on with it; 409 if it is under way.

    A run of the queue whose process died goes on by itself. One that was begun on a command line is handed to a worker
    of its code location.
    """
    from weft.service.run import resuming
    from weft.service.server import operations

    with call.world() as world:
        row = runs.found(world.ledger, id)
        given = resuming.NOTHING if body.value is msgspec.UNSET else body.value
        resuming.answer(world, row.id, given, key=body.key)
        if resuming.needs_handing_over(world, row):
            operations.request(
                world.ledger,
                "resume",
                operations.ResumeAsk(run=row.id),
                location=row.location or world.locations.get(f"pipeline:{row.pipeline}", ""),
                by=call.principal.name,
                now=clocks.microseconds(call.now),
            )
        view = history.run_view(world.ledger, runs.found(world.ledger, row.id))
    return Answer(view, target=f"run:{row.id}", detail={"key": body.key})


class Priority(routing.Body, frozen=True, kw_only=True):
    """The place of a waiting run in the queue: the highest goes first."""

    priority: Annotated[int, msgspec.Meta(ge=-1000, le=1000)]


@routes.put(
    "/runs/{id}/priority", scope="runs.prioritise", body=Priority, answer=views.RunView,
    summary="Move a waiting run in the queue",
)  # fmt: skip
def prioritise(call: Call, id: str, body: Priority) -> Answer:  # noqa: A002
    """Change the priority of a run that waits; 409 for one that has begun."""
    from weft.service.queue import queueing

    with call.world() as world:
        before = runs.found(world.ledger, id)
        row = queueing.set_priority(world, before.id, body.priority, by=call.principal.name)
        view = history.run_view(world.ledger, row)
    return Answer(view, target=f"run:{row.id}", detail={"priority": body.priority, "before": before.priority})


class QuestionPage(views.View, frozen=True, kw_only=True):
    """Questions to people, newest first."""

    items: list[views.QuestionView]


@routes.get("/inputs", scope="runs.read", answer=QuestionPage, summary="List the questions that wait for a person")
def questions(call: Call) -> QuestionPage:
    """The open questions of all runs; `POST /runs/{id}/input` answers one."""
    with call.ledger() as ledger:
        return QuestionPage(items=[run_details.question_view(each) for each in ledger.input_requests(open_only=True)])
