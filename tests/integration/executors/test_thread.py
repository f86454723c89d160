"""What the thread executor does beyond the suites: live calls, the calling thread, output of several at once."""

import asyncio
import contextvars
import threading
import time

import pytest

from weft.define import bodies, caching, task_context
from weft.executors import thread
from weft.model import errors, graph
from weft.ports import caller, executor
from weft.storage import typed
from weft.testing import executor_conformance
from weft.worker.tasks import live

VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


class World:
    """A thread executor with live calls."""

    def __init__(self, folder, **options):
        self.calls: dict[int, live.LiveCall] = {}
        self.folder = folder
        definitions = bodies.BuiltDefinitions(
            graph=graph.Graph(assets={}, steps={}),
            bodies={},
            io_managers={"default": typed.TypedStorage(folder / "values", durable=False)},
        )
        self.running = thread.ThreadExecutor(
            definitions, jobs=2, logs_folder=folder / "logs", live=self.calls, grace=0.05, **options
        )
        self.running.start()

    def call(self, function, *args, context=None, timeout=None, cache=None, hooks=None, **kwargs):
        number = len(self.calls) + 1
        body = bodies.TaskBody(
            key="shop:work", name="work", function=function, parameters=bodies.Parameters(), cache=cache
        )
        self.calls[number] = live.LiveCall(body, args, kwargs, context)
        return executor.Assignment(
            id=number,
            run="run1",
            step="shop:work",
            partition=None,
            attempt=1,
            tag=f"tag{number}",
            code="",
            outputs=(),
            inputs=(),
            timeout=timeout,
            exclusive=timeout is not None,
            task=executor.TaskFacts(pipeline="flow", item=str(number), function="shop:work"),
        )

    def log(self, report):
        content = (self.folder / "logs" / report.log.file).read_bytes()
        return content[report.log.start : report.log.end].decode()


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.running.close()


def test_a_live_call_gets_and_gives_the_very_objects(world):
    thing = object()
    (report,) = executor_conformance.drive(world.running, [world.call(lambda given: [given], thing)])
    assert report.outcome == "succeeded"
    assert world.calls[1].value[0] is thing
    assert report.task.result.value is None


def test_a_live_call_keeps_the_very_exception(world):
    error = ValueError("mine")

    def body():
        raise error

    (report,) = executor_conformance.drive(world.running, [world.call(body)])
    assert report.outcome == "failed"
    assert world.calls[1].error is error


def test_a_live_call_runs_in_the_context_of_its_flow(world):
    context = contextvars.copy_context()
    context.run(VARIABLE.set, "of the flow")
    mine = object()
    context.run(caller.current.set, mine)
    body = lambda: (VARIABLE.get(), caller.current.get(), task_context.current.get().run_id)  # noqa: E731
    executor_conformance.drive(world.running, [world.call(body, context=context)])
    assert world.calls[1].value == ("of the flow", mine, "run1")


def test_a_cached_live_call_is_looked_up_by_its_arguments(world):
    wanted = [world.call(lambda n: n, n, cache=caching.Cache(caching.Inputs())) for n in (1, 1, 2)]
    reports = sorted(executor_conformance.drive(world.running, wanted), key=lambda each: each.id)
    assert {each.outcome for each in reports} == {"looked_up"}
    keys = [each.task.result.cache for each in reports]
    assert keys[0] == keys[1] != keys[2]


def test_attempts_in_several_threads_have_logs_of_their_own(tmp_path):
    world = World(tmp_path)
    both = threading.Barrier(2)

    def body(name):
        for _ in range(3):
            both.wait()
            print(name)

    reports = executor_conformance.drive(world.running, [world.call(body, "a"), world.call(body, "b")])
    world.running.close()
    assert sorted(world.log(each) for each in reports) == ["a\na\na\n", "b\nb\nb\n"]


def test_what_is_printed_outside_of_attempts_goes_where_it_went(tmp_path, capsys):
    world = World(tmp_path)
    print("outside")
    world.running.run_here(world.call(lambda: print("inside")))
    world.running.close()
    assert capsys.readouterr().out == "outside\n"


def test_with_echo_output_goes_to_the_log_and_to_the_terminal(tmp_path, capsys):
    world = World(tmp_path, echo=True)
    report = world.running.run_here(world.call(lambda: print("both")))
    world.running.close()
    assert world.log(report) == "both\n"
    assert capsys.readouterr().out == "both\n"


def test_a_call_runs_in_the_calling_thread(world):
    report = world.running.run_here(world.call(threading.get_ident))
    assert report.outcome == "succeeded"
    assert world.calls[1].value == threading.get_ident()


def test_calls_run_within_calls(world):
    inner = world.call(lambda: 1)
    outer = world.call(lambda: world.running.run_here(inner).outcome)
    world.running.run_here(outer)
    assert world.calls[2].value == "succeeded"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interruption_is_kept_for_the_flow(world, interruption):
    def body():
        raise interruption

    report = world.running.run_here(world.call(body))
    assert report.outcome == ("cancelled" if interruption is KeyboardInterrupt else "failed")
    assert isinstance(world.calls[1].error, interruption)


def test_a_call_here_is_given_up_after_its_timeout(world):
    ended = threading.Event()
    report = world.running.run_here(world.call(ended.wait, timeout=0.05))
    ended.set()
    assert report.outcome == "timed_out"
    assert "longer than its timeout of 0.05 s" in str(world.calls[1].error)
    assert isinstance(world.calls[1].error, TimeoutError)


def test_what_a_body_that_was_given_up_returns_later_is_not_told(world):
    ended, through = threading.Event(), threading.Event()

    def body():
        try:
            while not ended.wait(0.01):
                pass
        finally:
            ended.wait()
            through.set()

    (report,) = executor_conformance.drive(world.running, [world.call(body, timeout=0.02)])
    ended.set()
    through.wait()
    assert report.outcome == "timed_out"
    assert isinstance(world.calls[1].error, TimeoutError)


def test_a_body_that_ends_when_it_is_told_to_has_timed_out_all_the_same(world):
    cleaned = []

    def body():
        try:
            while True:
                time.sleep(0.001)
        finally:
            cleaned.append(1)

    (report,) = executor_conformance.drive(world.running, [world.call(body, timeout=0.02)])
    assert (report.outcome, cleaned) == ("timed_out", [1])
    assert isinstance(world.calls[1].error, TimeoutError)


def test_async_calls_run_at_once_in_the_loop_of_the_flow(world):
    async def body(event, wait):
        await (event.wait() if wait else asyncio.sleep(0))
        event.set()
        return wait

    async def flow():
        event = asyncio.Event()
        wanted = [world.call(body, event, True), world.call(body, event, False)]
        return await asyncio.gather(*(world.running.run_here_async(each) for each in wanted))

    reports = asyncio.run(flow())
    assert [each.outcome for each in reports] == ["succeeded", "succeeded"]
    assert (world.calls[1].value, world.calls[2].value) == (True, False)


def test_an_async_call_is_cancelled_after_its_timeout(world):
    cleaned = []

    async def body():
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(1)

    async def flow():
        return await world.running.run_here_async(world.call(body, timeout=0.02))

    report = asyncio.run(flow())
    assert (report.outcome, cleaned) == ("timed_out", [1])


def test_short_bodies_are_queued_ahead(world):
    executor_conformance.drive(world.running, [world.call(lambda: 1) for _ in range(200)])
    assert world.running.room(exclusive=False) > 60
    assert world.running.room(exclusive=True) == 2


def test_fewer_than_one_thread_is_an_error(tmp_path):
    with pytest.raises(errors.UsageError, match="jobs is 0"):
        thread.ThreadExecutor(bodies.BuiltDefinitions(graph=graph.Graph(assets={}, steps={}), bodies={}), jobs=0)


def test_many_short_calls_cost_little(world):
    wanted = [world.call(lambda n: n, n) for n in range(2000)]
    begun = time.process_time()
    executor_conformance.drive(world.running, wanted)
    assert time.process_time() - begun < 10.0  # 0.1 s or so
