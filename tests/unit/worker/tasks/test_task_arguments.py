import pytest
from task_world import MIDNIGHT, World, message, params, result_of

from weft.define import references, signals
from weft.ports import executor


def given(tmp_path, argument, *, results=(), world=None, **facts):
    """Run a task with one argument and return it."""
    seen = []
    world = world or World(
        tmp_path, lambda x: seen.append(x), arguments={"x": argument}, above=("extract",), mapped=("each",)
    )
    report = world.run(results=tuple(make(world) for make in results), **facts)
    assert report.outcome == "succeeded", report.error
    return seen[0]


def failing(tmp_path, argument, *, results=(), **facts):
    world = World(tmp_path, lambda x: None, arguments={"x": argument}, above=("extract",), mapped=("each",))
    report = world.run(results=tuple(make(world) for make in results), **facts)
    assert not report.retryable
    return message(report)


def above(value, step="extract", **named):
    return lambda world: world.result(step, value, **named)


def test_a_reference_becomes_the_value_of_the_step_above(tmp_path):
    assert given(tmp_path, references.Result("p:extract"), results=[above([1, 2])]) == [1, 2]


def test_references_within_containers_are_replaced_and_the_rest_stays(tmp_path):
    reference = references.Result("p:extract", path=("count",))
    argument = {"n": reference, "all": [reference, 1], "pair": (reference, "x"), "plain": [1]}
    found = given(tmp_path, argument, results=[above({"count": 3})])
    assert found == {"n": 3, "all": [3, 1], "pair": (3, "x"), "plain": [1]}
    assert type(found["pair"]) is tuple


def test_a_path_that_is_not_there_says_what_there_is(tmp_path):
    wanted = references.Result("p:extract", path=("cuont",))
    told = failing(tmp_path, wanted, results=[above({"count": 3})])
    assert "The value of p:extract has no 'cuont'. Did you mean 'count'?" in told


def test_a_path_into_a_list_that_is_too_short_says_its_length(tmp_path):
    told = failing(tmp_path, references.Result("p:extract", path=(5,)), results=[above([1, 2])])
    assert "has no 5. It has 2 elements." in told


def test_a_step_that_was_skipped_gives_none_and_none_inside_of_it(tmp_path):
    skipped = executor.ResultBinding(step="p:extract", item="", value=None)
    assert given(tmp_path, references.Result("p:extract"), results=[lambda world: skipped]) is None
    assert given(tmp_path, references.Result("p:extract", path=("a",)), results=[lambda world: skipped]) is None


def test_a_mapped_step_gives_the_list_of_its_items_without_those_that_were_skipped(tmp_path):
    results = [above(1, "each", item="0"), lambda w: executor.ResultBinding(step="p:each", item="1", value=None)]
    assert given(tmp_path, references.Result("p:each"), results=[*results, above(3, "each", item="2")]) == [1, 3]
    assert given(tmp_path, references.Result("p:each"), results=[]) == []


def test_an_aligned_reference_gives_the_item_alone(tmp_path):
    wanted = references.Result("p:each", aligned=True)
    assert given(tmp_path, wanted, results=[above(7, "each", item="4")], item="4") == 7


def test_a_named_value_is_read_by_its_name(tmp_path):
    wanted = references.Result("p:extract", name="rows")
    assert given(tmp_path, wanted, results=[above("whole"), above(12, name="rows")]) == 12


@pytest.mark.parametrize(
    ("source", "results"),
    [
        (references.Result("p:extract"), [above({"id": 8}, name="#x")]),
        (references.Result("p:extract"), [above([{"id": 7}, {"id": 8}])]),
        (references.Result("p:each"), [above({"id": 7}, "each", item="0"), above({"id": 8}, "each", item="1")]),
        ([{"id": 7}, {"id": 8}], []),
    ],
)
def test_an_element_is_that_of_the_items_place(tmp_path, source, results):
    facts = {"item": "1", "element": (("x", 1),)}
    assert given(tmp_path, references.Element("x", source), results=results, **facts) == {"id": 8}
    assert given(tmp_path, references.Element("x", source, path=("id",)), results=results, **facts) == 8


def test_elements_of_a_mapping_are_pairs(tmp_path):
    element = references.Element("x", {"a": 1, "b": 2})
    assert given(tmp_path, element, item="1", element=(("x", 1),)) == ("b", 2)


def test_transforms_apply_in_order(tmp_path):
    element = references.Element("x", [1, 2], transforms=(lambda n: n + 1, str))
    assert given(tmp_path, element, item="1", element=(("x", 1),)) == "3"


def test_a_transform_that_raises_skip_drops_the_item(tmp_path):
    def drop(value):
        raise signals.Skip("odd")

    element = references.Element("x", [1], transforms=(drop,))
    report = World(tmp_path, lambda x: None, arguments={"x": element}).run(item="0", element=(("x", 0),))
    assert (report.outcome, report.task.reason) == ("skipped", "odd")


def test_a_parameter_of_the_run_is_read_and_an_unknown_one_says_which_there_are(tmp_path):
    assert given(tmp_path, references.ParamValue("day"), params=params(day="2024-01-05")) == "2024-01-05"
    told = failing(tmp_path, references.ParamValue("dya"), params=params(day=1))
    assert "The run has no parameter 'dya'. Did you mean 'day'?" in told


def test_a_mapping_of_arguments_is_spread_over_the_parameters(tmp_path):
    seen = []
    element = references.Element("**", [{"a": 1, "b": 2}])
    world = World(tmp_path, lambda a, b: seen.append((a, b)), arguments={"**": element})
    result_of(world.run(item="0", element=(("**", 0),)))
    assert seen == [(1, 2)]


def test_expanding_over_mappings_refuses_what_is_none(tmp_path):
    element = references.Element("**", [3])
    world = World(tmp_path, lambda a: None, arguments={"**": element})
    assert "but an element is int" in message(world.run(item="0", element=(("**", 0),)))


def test_a_table_comes_as_the_annotation_asks(tmp_path):
    polars = pytest.importorskip("polars")
    pyarrow = pytest.importorskip("pyarrow")
    seen = []

    def body(x: polars.DataFrame):
        seen.append(x)

    world = World(tmp_path, body, arguments={"x": references.Result("p:extract")}, above=("extract",))
    result_of(world.run(results=(world.result("extract", pyarrow.table({"a": [1]})),)))
    assert isinstance(seen[0], polars.DataFrame)


def test_parameters_named_as_template_variables_get_them(tmp_path):
    seen = []

    def body(ds, params=None, *, ti=None, other=5):
        seen.append((ds, params, ti.map_index, other))

    result_of(World(tmp_path, body).run(params=params(a=1), interval=(MIDNIGHT, MIDNIGHT)))
    assert seen == [("2024-01-05", {"a": 1}, -1, 5)]


def test_a_function_with_double_star_gets_the_whole_context(tmp_path):
    seen = []
    result_of(World(tmp_path, lambda **context: seen.append(context)).run(params=params(a=1)))
    assert (seen[0]["ds"], seen[0]["params"]) == ("2024-01-05", {"a": 1})


def test_arguments_for_star_are_passed_by_place(tmp_path):
    seen = []
    world = World(tmp_path, lambda *parts: seen.append(parts), positional=(1, references.ParamValue("a")))
    result_of(world.run(params=params(a=2)))
    assert seen == [(1, 2)]


def test_a_flows_call_gets_its_stored_arguments_by_name_and_place(tmp_path):
    seen = []
    world = World(tmp_path, lambda a, b, c: seen.append((a, b, c)))
    bound = tuple(
        executor.ArgumentBinding(parameter=name, value=world.store(n)) for name, n in (("1", 2), ("0", 1), ("c", 3))
    )
    result_of(world.run(function="shop.work:made", arguments=bound))
    assert seen == [(1, 2, 3)]


def test_a_task_that_the_process_does_not_know_is_an_error_with_a_remedy(tmp_path):
    told = message(World(tmp_path, lambda: None).run(function="shop.work:mode"))
    assert "can't find the task 'shop.work:mode'. Did you mean 'shop.work:made'?" in told


def changing(x):
    x["seen"] = x.get("seen", 0) + 1
    return x


@pytest.mark.parametrize(
    ("argument", "results"),
    [
        (references.Result("p:extract"), [above({"a": 1})]),
        (references.Result("p:extract", path=("inner",)), [above({"inner": {"a": 1}})]),
        (references.Element("x", references.Result("p:extract")), [above([{"a": 1}])]),
        (references.Element("x", references.Result("p:extract")), [above({"a": 1}, name="#x")]),
        (references.Element("x", [{"a": 1}]), []),
        (references.ParamValue("x"), []),
        ({"a": 1}, []),
    ],
)
def test_a_body_that_changes_its_argument_changes_that_of_no_other(tmp_path, argument, results):
    world = World(tmp_path, changing, arguments={"x": argument}, above=("extract",))
    bound = tuple(make(world) for make in results)
    facts = {"results": bound, "params": params(x={"a": 1}), "element": (("x", 0),), "item": "0"}
    assert [world.value(world.run(**facts)) for _ in range(2)] == [{"a": 1, "seen": 1}] * 2


def test_arrays_and_pandas_tables_are_the_readers_own(tmp_path):
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")

    def body(x):
        x[:] = 0

    for value in (numpy.array([1, 2]), pandas.DataFrame({"a": [1, 2]})):
        world = World(tmp_path, body, arguments={"x": references.Result("p:extract")}, above=("extract",))
        bound = world.result("extract", value)
        result_of(world.run(results=(bound,)))
        assert world.runner.tasks.values.read(bound.value).sum().sum() == 3
