import functools

import msgspec
import pytest
from task_world import DAY, MIDNIGHT, World, message, result_of

from weft.define import caching, outputs, signals, task_context, task_options
from weft.model import events, graph, partitions
from weft.ports import executor
from weft.storage import protocol


def test_what_a_task_returns_is_stored_with_its_length(tmp_path):
    world = World(tmp_path, lambda: {"a": 1, "b": [2]})
    report = world.run()
    found = result_of(report)
    assert (world.value(report), found.length, found.code) == ({"a": 1, "b": [2]}, 2, "c1:1")


async def _async():
    return 3


async def _async_generator():
    yield 1
    yield 2


def _generator():
    yield "a"
    yield "b"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (_async, 3),
        (_async_generator, [1, 2]),
        (_generator, ["a", "b"]),
        (lambda: map(str, [1]), ["1"]),
        (lambda: None, None),
    ],
)
def test_bodies_of_all_kinds_run(tmp_path, body, expected):
    world = World(tmp_path, body)
    assert world.value(world.run()) == expected


def test_a_generator_that_raises_fails_the_attempt(tmp_path):
    def body():
        yield 1
        raise ValueError("midway")

    assert message(World(tmp_path, body).run()) == "midway"


def test_other_code_than_planned_does_not_run(tmp_path):
    report = World(tmp_path, lambda: 1).run(changes={"code": "c1:older"})
    assert report.outcome == "code_moved"


def test_skip_ends_the_attempt_as_skipped_with_its_reason(tmp_path):
    def body():
        raise signals.Skip("nothing new")

    report = World(tmp_path, body).run()
    assert (report.outcome, report.task.reason, report.error) == ("skipped", "nothing new", None)


def test_fail_is_not_tried_again(tmp_path):
    def body():
        raise signals.Fail("no use")

    report = World(tmp_path, body, retry_if=lambda error: True).run()
    assert (message(report), report.retryable) == ("no use", False)


def test_an_ordinary_failure_is_tried_again_unless_the_predicate_says_no(tmp_path):
    def body():
        raise ValueError("luck")

    assert World(tmp_path, body).run().retryable
    assert not World(tmp_path, body, retry_if=lambda error: False).run().retryable
    broken = World(tmp_path, body, retry_if=lambda error: 1 / 0).run()
    assert not broken.retryable
    assert "The predicate retry_if raised ZeroDivisionError" in message(broken)


def test_defer_parks_the_attempt_and_the_next_one_is_told(tmp_path):
    def body(context):
        if context.poked < 2:
            raise signals.Defer(30, "the file")
        return (context.poked, context.waiting_since.isoformat())

    world = World(tmp_path, body)
    report = world.run()
    assert (report.outcome, report.task.again, report.task.reason) == ("parked", 30.0, "the file")
    assert world.value(world.run(poked=2, first=MIDNIGHT)) == (2, "2024-01-05T00:00:00+00:00")


def test_a_wrong_time_to_defer_is_an_error():
    with pytest.raises(ValueError, match="at least 0"):
        signals.Defer(-1)


def test_conditions_skip_before_anything_else(tmp_path):
    skipped = World(
        tmp_path, lambda: 1, conditions=((False, lambda context: context["dag_run"].run_type == "backfill", ""),)
    )
    assert skipped.run(trigger="backfill").outcome == "skipped"
    assert skipped.run(trigger="manual").outcome == "succeeded"
    wanted = World(tmp_path, lambda: 1, conditions=((True, lambda context: context.params.get("go"), "not asked for"),))
    report = wanted.run()
    assert (report.outcome, report.task.reason) == ("skipped", "not asked for")
    assert wanted.run(params=b'{"go": true}').outcome == "succeeded"


def test_named_values_are_pushed_and_pulled(tmp_path):
    def body(context, ti):
        context.push("rows", 3)
        ti.xcom_push("more", [1, 2])
        return (
            context.pull("extract"),
            context.pull("extract", "n"),
            ti.xcom_pull("each"),
            context.pull("extract", "no", 9),
        )

    world = World(tmp_path, body, above=("extract",), mapped=("each",))
    bound = (
        world.result("extract", "all"),
        world.result("extract", 5, name="n"),
        world.result("each", 1, item="0"),
        world.result("each", 2, item="1"),
    )
    report = world.run(results=bound)
    assert world.value(report) == ("all", 5, [1, 2], 9)
    assert {name: world.storage.read(value) for name, value in result_of(report).named.items()} == {
        "rows": 3,
        "more": [1, 2],
    }


def test_pulling_from_an_unknown_task_or_one_that_is_not_above_is_an_error(tmp_path):
    world = World(tmp_path, lambda context: context.pull("extrakt"), above=("extract",))
    assert "which is no task of 'p'. Did you mean 'extract'?" in message(world.run())
    world = World(tmp_path, lambda context: context.pull("extract"), above=("extract",))
    assert "'made' pulls from 'extract', which is not above it. Write extract >> made." in message(world.run())


def test_a_branch_tells_which_tasks_go_on(tmp_path):
    def chosen(returned, below=("load", "report", "g.a", "g.b")):
        groups = {"g": ("g.a", "g.b")}
        world = World(tmp_path, lambda: returned, role="branch", below=below, groups_below=groups)
        return result_of(world.run()).follow

    assert chosen("load") == ("load",)
    assert chosen(["load", "report"]) == ("load", "report")
    assert chosen(None) == ()
    assert chosen("g") == ("g.a", "g.b")


def test_a_branch_to_a_task_that_is_not_below_says_which_are(tmp_path):
    world = World(tmp_path, lambda: "lode", role="branch", below=("load", "report"))
    told = message(world.run())
    assert "The branch 'p:made' chose 'lode', which is no task directly below it. Below it are: load, report." in told
    assert "Did you mean 'load'?" in told
    assert "which is no id of a task" in message(World(tmp_path, lambda: 3, role="branch", below=("load",)).run())


def test_a_short_circuit_proceeds_on_what_is_true(tmp_path):
    assert result_of(World(tmp_path, lambda: [1], role="short_circuit").run()).proceed
    assert not result_of(World(tmp_path, list, role="short_circuit").run()).proceed


def test_a_value_that_cannot_be_stored_says_what_can(tmp_path):
    report = World(tmp_path, lambda: object()).run()
    assert not report.retryable
    told = message(report)
    assert "The value of 'p:made' can't be handed on: A value of the type object cannot be stored." in told
    assert "Storable are polars" in told


def test_a_value_that_is_too_large_says_what_to_return_instead(tmp_path):
    world = World(tmp_path, lambda: "x" * 2000)
    world.runner.tasks.keeper.largest = 1000
    told = message(world.run())
    assert "'p:made' returned 2,000 bytes of text; at most 1,000 bytes are handed from step to step" in told
    assert "Return a table" in told


def test_one_outlet_is_made_of_what_is_returned_and_stored_once(tmp_path):
    def body(context):
        context.add_metadata({"rows": 2})
        return outputs.Output([1, 2], metadata={"source": "x"})

    days = partitions.DailyPartitions(start_date="2024-01-01")
    assets = {"shop/orders": graph.Asset(key="shop/orders", step=None, partitions=days)}
    world = World(tmp_path, body, outlets=("shop/orders",), assets=assets)
    report = world.run(partition="2024-01-05", interval=(MIDNIGHT, MIDNIGHT + DAY))
    (made,) = report.outputs
    assert (made.asset, made.partition) == ("shop/orders", "2024-01-05")
    assert made.value == result_of(report).value
    assert {name: msgspec.json.decode(raw) for name, raw in made.metadata.items()} == {"rows": 2, "source": "x"}


def test_an_outlet_without_a_value_gets_a_unique_version(tmp_path):
    (made,) = World(tmp_path, lambda: None, outlets=("a",)).run().outputs
    assert (made.value.format, made.value.data_version.partition(":")[0]) == ("none", "u1")


def test_several_outlets_are_made_of_a_mapping_and_can_be_read_by_name(tmp_path):
    world = World(tmp_path, lambda: {"a": 1, "shop/b": 2}, outlets=("shop/a", "shop/b"))
    report = world.run()
    assert [(each.asset, world.storage.read(each.value)) for each in report.outputs] == [("shop/a", 1), ("shop/b", 2)]
    assert world.storage.read(result_of(report).named["a"]) == 1
    missing = World(tmp_path, lambda: {"a": 1}, outlets=("shop/a", "shop/b")).run()
    assert "did not return: shop/b" in message(missing)


def test_an_io_manager_of_ones_own_stores_the_outlet_and_its_readers_get_it_back(tmp_path):
    kept = {}

    class Memory(protocol.IOManager):
        def write(self, value, target):
            kept[target.attempt] = value
            return target.stored(target.attempt)

        def read(self, stored, as_type=None):
            return kept[stored.uri]

    odd = object()
    world = World(tmp_path, lambda: odd, outlets=("a",), outlet_io={"a": "memory"}, io_managers={"memory": Memory()})
    report = world.run()
    assert report.outputs[0].value.io == "memory"
    assert world.runner.tasks.values.read(result_of(report).value) is odd


def hooked(told):
    def note(kind, context, about=None):
        told.append((kind, context.task_id, str(about)))

    hooks = {kind: (functools.partial(note, kind),) for kind in ("success", "failure", "retry", "skip")}
    return task_options.Hooks(**hooks)


def test_hooks_are_called_by_how_the_attempt_ended(tmp_path):
    told = []

    def body(context):
        match context.params.get("do"):
            case "fail":
                raise ValueError("bad")
            case "skip":
                raise signals.Skip("why not")
        return 5

    world = World(tmp_path, body, hooks=hooked(told))
    world.run()
    world.run(params=b'{"do": "fail"}', last=False)
    world.run(params=b'{"do": "fail"}', last=True)
    world.run(params=b'{"do": "skip"}')
    assert told == [
        ("success", "made", "5"),
        ("retry", "made", "bad"),
        ("failure", "made", "bad"),
        ("skip", "made", "why not"),
    ]


def test_a_hook_that_raises_changes_nothing(tmp_path, caplog):
    def broken(context):
        raise ValueError("in the hook")

    report = World(tmp_path, lambda: 5, hooks=task_options.Hooks(success=(broken,))).run()
    assert report.outcome == "succeeded"
    assert "The hook test_a_hook_that_raises_changes_nothing.<locals>.broken of on_success raised." in caplog.text


def test_hooks_of_an_attempt_that_could_not_call_them_run_alone(tmp_path):
    told = []
    world = World(tmp_path, lambda: 1 / 0, hooks=hooked(told))
    error = events.Error(kind="weft.Timeout", message="too long")
    report = world.run(changes={"hook": "failure", "hook_error": error})
    assert (report.outcome, told) == ("succeeded", [("failure", "made", "Timeout: too long")])


def test_the_context_is_there_for_the_length_of_the_body(tmp_path):
    world = World(tmp_path, lambda: task_context.current_context()["ds"])
    assert world.value(world.run()) == "2024-01-05"
    assert task_context.current.get() is None


def test_the_cache_is_asked_before_the_body_runs(tmp_path):
    ran = []
    world = World(tmp_path, lambda a: ran.append(a), arguments={"a": 1}, cache=caching.Cache(expires=60))
    asked = world.run()
    assert (asked.outcome, ran) == ("looked_up", [])
    found = result_of(world.run(cached=True))
    assert (found.cache, ran) == (asked.task.result.cache, [1])
    assert found.expires is not None


def test_a_refreshed_cache_is_not_asked_but_filled(tmp_path):
    found = result_of(World(tmp_path, lambda: 1, cache=caching.Cache(refresh=True)).run())
    assert found.cache.startswith("k1:")


def test_a_cache_key_function_that_raises_fails_the_attempt_and_is_named(tmp_path):
    def my_key(context, params):
        raise KeyError("date")

    told = message(World(tmp_path, lambda: 1, cache=caching.policy(my_key)).run())
    assert (
        "The cache key function 'test_a_cache_key_function_that_raises_fails_the_attempt_and_is_named.<locals>.my_key'"
        in told
    )
    assert "of the task 'made' raised KeyError: 'date'" in told


def test_an_operator_that_comes_with_weft_is_found_by_its_name(tmp_path):
    world = World(tmp_path, lambda: None)
    from weft.operators import shelling

    name = f"{shelling.shell.__module__}:{shelling.shell.__qualname__}"
    bound = (executor.ArgumentBinding(parameter="command", value=world.store("echo found")),)
    report = world.run(changes={"step": "call", "code": ""}, function=name, arguments=bound)
    assert world.value(report) == "found"


@pytest.mark.parametrize("takes_both", [True, False])
def test_a_hook_gets_the_value_if_it_takes_two_arguments(tmp_path, takes_both):
    told = []

    async def both(context, value):
        told.append((context.task_id, value))

    def one(context):
        told.append((context.task_id, context.value))

    result_of(World(tmp_path, lambda: 5, hooks=task_options.Hooks(success=(both if takes_both else one,))).run())
    assert told == [("made", 5)]


def test_secrets_of_connections_are_masked_in_errors(tmp_path, monkeypatch):
    monkeypatch.setenv("WEFT_CONN_LAKE", "s3://key:hunter22@bucket")

    def body():
        from weft import connections

        lake = connections.get("lake")
        raise ValueError(f"refused {lake.password and 'hunter22'}")

    assert message(World(tmp_path, body).run()) == "refused ***"
