import asyncio
import dataclasses
import signal

import msgspec
import pytest
from worker_world import Refusing, World, binding, metadata_of

from weft.define import outputs as defined
from weft.model import stored
from weft.worker import cancelling, masking


def test_a_plain_value_is_written_with_the_tag_of_the_attempt(tmp_path):
    world = World(tmp_path, lambda: b"x" * 100_000)
    report = world.run(tag="attempt-7")
    assert report.outputs[0].value.uri.endswith("@/attempt-7.bin")
    assert (report.worker, report.attempt) == ("w1", 1)


def test_no_value_gets_a_unique_version(tmp_path):
    world = World(tmp_path, lambda: None)
    first, second = world.run(), world.run()
    assert stored.is_unique(first.outputs[0].value.data_version)
    assert first.outputs[0].value.data_version != second.outputs[0].value.data_version


def test_a_coroutine_is_run_and_what_it_leaves_behind_is_cancelled(tmp_path):
    ends = []

    async def leaves():
        try:
            await asyncio.Event().wait()
        finally:
            ends.append("ended")

    async def made():
        task = asyncio.ensure_future(leaves())
        await asyncio.sleep(0)
        return task is not None

    world = World(tmp_path, made)
    assert world.value(world.run()) is True
    assert ends == ["ended"]
    world.runner.close()


def test_a_coroutine_runs_also_under_a_running_loop(tmp_path):
    async def made():
        await asyncio.sleep(0)
        return 5

    world = World(tmp_path, made)

    async def notebook():
        return world.run()

    assert world.value(asyncio.run(notebook())) == 5


def test_several_partitions_come_as_a_mapping_or_as_the_annotation_says(tmp_path):
    world = World(tmp_path, lambda a, b: [a, b], inputs={"a": "source", "b": "source"}, annotations={"b": list[int]})
    values = [world.store(1), world.store(2)]
    bound = [binding(each, values, single=False, partitions=("x", "y")) for each in "ab"]
    assert world.value(world.run(inputs=tuple(bound))) == [{"x": 1, "y": 2}, [1, 2]]


def test_an_input_is_given_as_its_annotation_says(tmp_path):
    @dataclasses.dataclass
    class Point:
        x: int

    world = World(tmp_path, lambda point: point.x, inputs={"point": "source"}, annotations={"point": Point})
    assert world.value(world.run(inputs=(binding("point", [world.store({"x": 3})]),))) == 3


def test_a_value_is_handed_over_as_the_very_object_within_the_process(tmp_path):
    seen = []
    value = {"a": [1, 2]}
    world = World(tmp_path, lambda given=None: seen.append(given) or value, inputs={"given": "made"})
    made = world.run()
    world.run(inputs=(binding("given", [made.outputs[0].value], asset="made"),))
    assert seen[1] is value


def test_a_dependency_without_a_parameter_is_not_read(tmp_path):
    world = World(tmp_path, lambda: 1)
    gone = stored.StoredValue(format="text", data_version="s1:0", uri="gone.txt")
    assert world.value(world.run(inputs=(binding(None, [gone]),))) == 1


def test_an_input_that_is_gone_fails_the_attempt_with_the_reason(tmp_path):
    world = World(tmp_path, lambda given: given, inputs={"given": "source"})
    gone = stored.StoredValue(format="text", data_version="s1:0", uri="gone.txt")
    report = world.run(inputs=(binding("given", [gone]),))
    assert report.outcome == "failed"
    assert report.error.kind == "weft.model.errors.StorageError"
    assert "gone.txt" in report.error.message


def test_an_output_of_another_type_than_annotated_fails_and_writes_nothing(tmp_path):
    world = World(tmp_path, lambda: "x" * 100_000, output_types={"made": int})
    report = world.run()
    assert report.outcome == "failed"
    assert report.error.kind == "weft.model.errors.TypeMismatchError"
    assert "The output of 'made'" in report.error.message
    assert not list(tmp_path.rglob("*.txt"))


@pytest.mark.parametrize(
    "returned",
    [
        {"a": 1, "z/b": 2},
        {"first": 1, "b": 2},
        (1, 2),
        (defined.Output(2, asset="b"), defined.Output(1, asset="a")),
        [defined.Output(1, asset="z/a"), defined.Output(2, asset="b")],
    ],
)
def test_several_outputs_may_be_named_by_key_by_last_part_by_name_or_by_place(tmp_path, returned):
    world = World(
        tmp_path, lambda: returned, outputs=("z/a", "z/b"), multiple=True, names={"first": "z/a", "second": "z/b"}
    )
    report = world.run()
    assert report.outcome == "succeeded", report.error
    assert {each.asset: each.value.inline for each in report.outputs} == {"z/a": b"1", "z/b": b"2"}


def test_a_generator_yields_outputs_one_after_another(tmp_path):
    def made():
        yield defined.Output(1, asset="a", metadata={"n": 1})
        yield defined.Output(2, asset="b")

    report = World(tmp_path, made, outputs=("a", "b"), multiple=True).run()
    assert [each.asset for each in report.outputs] == ["a", "b"]
    assert metadata_of(report.outputs[0]) == {"n": 1}


def test_only_the_outputs_that_were_asked_for_are_written(tmp_path):
    world = World(tmp_path, lambda: {"a": 1, "b": 2}, outputs=("a", "b"), multiple=True)
    assert [each.asset for each in world.run(outputs=("b",)).outputs] == ["b"]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ({"a": 1}, "did not return: b"),
        ({"a": 1, "b": 2, "c": 3}, "returned an output 'c', which it does not have"),
        ((1, 2, 3), "a tuple of 3 values, but has 2 outputs"),
        (7, "has several outputs, but returned int"),
        ([defined.Output(1)], "does not say which one it is"),
        ({"a": 1, "made/a": 2, "b": 1}, "returned an output 'made/a'"),
    ],
)
def test_wrong_answers_for_several_outputs_say_what_is_wrong(tmp_path, returned, message):
    report = World(tmp_path, lambda: returned, outputs=("a", "b"), multiple=True).run()
    assert report.outcome == "failed"
    assert message in report.error.message


def test_a_batch_reports_one_output_for_each_partition(tmp_path):
    def made(context):
        return {key: defined.Output(key.upper(), metadata={"of": key}) for key in context.partition_keys}

    world = World(tmp_path, made, context="context", batch=True, output_types={"made": dict[str, str]})
    report = world.run(partitions=("a", "b"))
    assert [(each.partition, each.value.inline) for each in report.outputs] == [("a", b"A"), ("b", b"B")]
    assert metadata_of(report.outputs[1]) == {"of": "b"}


def test_a_batch_that_leaves_a_partition_out_fails(tmp_path):
    report = World(tmp_path, lambda: {"a": 1}, batch=True).run(partitions=("a", "b"))
    assert "lacks b" in report.error.message


def test_checks_see_the_value_and_one_that_raises_has_not_passed(tmp_path):
    def raises(value):
        raise ZeroDivisionError("no")

    checks = {
        "good": lambda value: value > 1,
        "bad": lambda value: defined.CheckResult(passed=False, description="too small", metadata={"got": value}),
        "raises": raises,
        "says nothing": lambda value: None,
    }
    (output,) = World(tmp_path, lambda: 2, checks=checks).run().outputs
    assert [(each.name, each.passed) for each in output.checks] == [
        ("good", True),
        ("bad", False),
        ("raises", False),
        ("says nothing", False),
    ]
    assert output.checks[1].description == "too small"
    assert output.checks[2].description == "The check raised ZeroDivisionError: no"
    assert "return True, False or CheckResult" in output.checks[3].description
    assert all(each.blocking for each in output.checks)


def test_checks_alone_run_on_a_stored_value_and_the_body_does_not(tmp_path):
    ran = []
    world = World(tmp_path, lambda: ran.append(1), checks={"even": lambda value: value % 2 == 0})
    kept = world.store(4)
    (output,) = world.run(check_only=kept).outputs
    assert output.value == kept
    assert [each.passed for each in output.checks] == [True]
    assert not ran


def test_a_code_that_has_moved_runs_nothing(tmp_path):
    ran = []
    report = World(tmp_path, lambda: ran.append(1)).run(code="c1:2")
    assert report.outcome == "code_moved"
    assert not ran


def test_the_predicate_says_whether_a_failure_is_tried_again(tmp_path):
    def fails(context):
        raise KeyError("x") if context.attempt == 1 else ValueError("y")

    world = World(tmp_path, fails, context="context", retry_if=lambda error: isinstance(error, KeyError))
    assert [world.run(attempt=each).retryable for each in (1, 2)] == [True, False]


def test_a_predicate_that_raises_means_no_and_is_told(tmp_path):
    report = World(tmp_path, lambda: 1 / 0, retry_if=lambda error: error.absent).run()
    assert not report.retryable
    assert "division by zero" in report.error.message
    assert "retry_if raised AttributeError" in report.error.message


@pytest.fixture
def ctrl_c_heard():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_heard")
@pytest.mark.parametrize("error", [KeyboardInterrupt, cancelling.Cancelled])
def test_an_interruption_is_a_cancelled_attempt(tmp_path, error):
    def interrupted():
        raise error

    world = World(tmp_path, interrupted)
    assert world.run().outcome == "cancelled"
    assert world.runner.running is None


def interrupted_by_itself():
    raise KeyboardInterrupt


@pytest.mark.usefixtures("ctrl_c_heard")
def test_a_keyboard_interrupt_where_no_keyboard_reaches_is_a_failure(tmp_path):
    report = World(tmp_path, interrupted_by_itself, keyboard=False).run()
    assert (report.outcome, report.error.kind) == ("failed", "KeyboardInterrupt")


def test_a_keyboard_interrupt_that_no_ctrl_c_can_raise_is_a_failure(tmp_path):
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        assert World(tmp_path, interrupted_by_itself).run().outcome == "failed"
    finally:
        signal.signal(signal.SIGINT, before)


class Bare(BaseException):
    pass


@pytest.mark.parametrize("error", [Bare("base"), asyncio.CancelledError("base"), GeneratorExit("base")])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_whatever_a_body_raises_is_a_failure_with_its_type_and_message(tmp_path, error, asynchronous):
    def fails():
        raise error

    async def fails_later():
        raise error

    report = World(tmp_path, fails_later if asynchronous else fails).run()
    assert (report.outcome, report.error.kind.rpartition(".")[2]) == ("failed", type(error).__name__)
    assert report.error.message == "base"
    assert "in fails" in report.error.traceback


def test_a_check_or_predicate_or_text_that_raises_a_bare_exception_ends_the_attempt_only(tmp_path):
    def bare(*_, **__):
        raise Bare

    class Broken(Exception):
        __str__ = bare

    def fails():
        raise Broken

    assert World(tmp_path, lambda: 1, checks={"c": bare}).run().error.kind.endswith("Bare")
    report = World(tmp_path, fails, retry_if=bare).run()
    assert "str() raised" in report.error.message
    assert "retry_if raised" in report.error.message


def test_text_that_utf8_lacks_is_escaped_in_all_that_a_report_carries(tmp_path):
    def fails():
        raise ValueError("bad \ud800")

    def tells(context):
        context.add_metadata({"name \ud800": "value \ud800"})
        return defined.Output(1, data_version="v\ud800")

    def check(value):
        return defined.CheckResult(passed=True, description="said \ud800")

    failed = World(tmp_path, fails).run()
    made = World(tmp_path, tells, context="context", checks={"c": check}).run()
    assert failed.error.message == "bad \\ud800"
    assert b"said \\\\ud800" in msgspec.json.encode(made)
    assert made.outputs[0].value.data_version == "v1:v\\ud800"
    assert msgspec.json.encode(failed)


def test_an_interruption_that_came_early_ends_the_assignment_it_was_for(tmp_path):
    world = World(tmp_path, lambda: 1)
    world.runner.interrupt(2)
    assert [world.run().outcome for _ in range(3)] == ["succeeded", "cancelled", "succeeded"]


def test_an_io_manager_of_its_own_is_used_and_its_refusal_is_the_failure(tmp_path):
    world = World(tmp_path, lambda: 1, io={"made": "other"}, io_managers={"other": Refusing()})
    report = world.run()
    assert (report.outcome, report.error.message) == ("failed", "no room")


def test_resources_are_set_up_once_and_torn_down_at_the_end(tmp_path):
    calls = []

    class Database:
        def setup(self):
            calls.append("up")

        def teardown(self):
            calls.append("down")

    world = World(tmp_path, lambda db: type(db).__name__, resources={"warehouse": Database()})
    body = dataclasses.replace(
        world.definitions.bodies["made"],
        parameters=dataclasses.replace(world.definitions.bodies["made"].parameters, resources={"db": "warehouse"}),
    )
    world.definitions.bodies["made"] = body
    assert [world.value(world.run()) for _ in range(2)] == ["Database", "Database"]
    world.runner.close()
    assert calls == ["up", "down"]


def test_a_secret_of_a_resource_is_masked_in_errors(tmp_path):
    import pydantic

    from weft.define import resources

    class Account(resources.Resource):
        password: pydantic.SecretStr

    def fails():
        raise ValueError("refused: open-sesame")

    world = World(tmp_path, fails, resources={"account": Account(password="open-sesame")})
    report = world.run()
    assert report.error.message == "refused: ***"
    assert "open-sesame" not in report.error.traceback


def test_config_is_typed_and_a_wrong_value_fails_with_its_name(tmp_path):
    import pydantic

    class Options(pydantic.BaseModel):
        limit: int = 3

    world = World(tmp_path, lambda options: options.limit, config=("options", Options))
    assert world.value(world.run()) == 3
    given = World(tmp_path, lambda options: options.limit, config=("options", Options), configs={"made": {"limit": 5}})
    assert given.value(given.run()) == 5
    wrong = World(tmp_path, lambda options: 1, config=("options", Options), configs={"made": {"limit": "many"}})
    report = wrong.run()
    assert report.outcome == "failed"
    assert "limit" in report.error.message


def test_messages_of_errors_are_masked_and_cut(tmp_path):
    def fails():
        raise ValueError("password " + "x" * 100_000)

    world = World(tmp_path, fails, masks=masking.Masks(["password"]))
    report = world.run()
    assert report.error.message.startswith("*** xxx")
    assert len(report.error.message) < 10_000
    assert "characters left out" in report.error.message


def test_an_exception_whose_text_cannot_be_made_is_still_a_report(tmp_path):
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    def fails():
        raise Broken

    report = World(tmp_path, fails).run()
    assert report.outcome == "failed"
    assert "str() raised RuntimeError" in report.error.message
