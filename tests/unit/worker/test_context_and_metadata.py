import base64
import datetime
import pathlib

import msgspec
import pytest
from worker_world import World, binding, metadata_of

from weft.define import outputs as defined
from weft.model import errors, partitions
from weft.worker import masking, metadata, values


def seen(tmp_path, ask, *, run=None, **options):
    """Return what a body gets when it asks its context."""
    found = []
    world = World(tmp_path, lambda context: found.append(ask(context)), context="context", **options)
    report = world.run(**(run or {}))
    assert report.outcome == "succeeded", report.error
    return found[0]


def test_the_context_tells_run_attempt_and_partition(tmp_path):
    told = seen(
        tmp_path,
        lambda c: (c.run_id, c.attempt, c.partition_key, tuple(c.partition_keys), c.asset_key, c.log.name),
        run={"partition": "p1", "attempt": 2},
    )
    assert told == ("run1", 2, "p1", ("p1",), "made", "made")


def test_a_partition_key_without_partitions_is_an_error_that_says_so(tmp_path):
    report = World(tmp_path, lambda context: context.partition_key, context="context").run()
    assert "'made', which has no partitions" in report.error.message


def test_one_partition_key_of_a_batch_is_an_error_that_says_so(tmp_path):
    report = World(tmp_path, lambda context: context.partition_key, context="context", batch=True).run(
        partitions=("a", "b")
    )
    assert "2 partitions at once" in report.error.message


def test_the_time_window_spans_all_partitions(tmp_path):
    days = partitions.DailyPartitions(start_date="2024-01-01")
    window = seen(tmp_path, lambda c: c.time_window, run={"partition": "2024-01-05"}, partitions=days)
    assert (window.start.day, window.end - window.start) == (5, datetime.timedelta(days=1))


def test_a_time_window_of_what_is_not_about_time_is_an_error(tmp_path):
    static = partitions.StaticPartitions(["a"])
    world = World(tmp_path, lambda context: context.time_window, context="context", partitions=static)
    assert "not about time" in world.run(partition="a").error.message


def test_upstream_tells_the_versions_that_are_read(tmp_path):
    world = World(tmp_path, lambda context: None, context="context")
    kept = world.store(1)
    told = seen(
        tmp_path,
        lambda c: c.upstream["source"],
        run={"inputs": (binding(None, [kept], partitions=("p",), versions=(7,)),)},
    )
    assert [(each.partition, each.version, each.data_version) for each in told] == [("p", 7, kept.data_version)]


def test_metadata_of_context_and_output_are_joined_and_a_version_may_be_chosen(tmp_path):
    def made(context):
        context.add_metadata({"a": 1, "b": 1})
        context.set_data_version("v7")
        return defined.Output("x", metadata={"b": 2})

    (output,) = World(tmp_path, made, context="context").run().outputs
    assert metadata_of(output) == {"a": 1, "b": 2}
    assert output.value.data_version == "v1:v7"


def encoded(value):
    return msgspec.json.decode(metadata.encode({"value": value}, masking.Masks())["value"])


def test_metadata_takes_what_json_takes_and_describes_the_rest():
    class Odd:
        def __repr__(self):
            return "odd one"

    assert encoded({"a": [1, 2.5, None, "x"], "b": datetime.date(2024, 1, 5)}) == {
        "a": [1, 2.5, None, "x"],
        "b": "2024-01-05",
    }
    assert encoded(pathlib.Path("/x/y")) == {"type": "path", "path": "/x/y"}
    described = encoded(Odd())
    assert (described["type"], described["data"]) == ("repr", "odd one")
    assert described["class"].endswith("Odd")


def test_numpy_scalars_are_numbers():
    numpy = pytest.importorskip("numpy")
    assert encoded({"mean": numpy.float64(1.5), "rows": numpy.int64(3)}) == {"mean": 1.5, "rows": 3}


def test_a_figure_becomes_an_image():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([1, 2])
    image = encoded(figure)
    assert (image["type"], image["media"]) == ("image", "image/png")
    assert base64.b64decode(image["data"]).startswith(b"\x89PNG")


def test_metadata_that_is_too_large_is_named_and_left_out():
    told = encoded("x" * (metadata.LARGEST + 1))
    assert told["type"] == "omitted"
    assert told["bytes"] > metadata.LARGEST


def test_a_metadata_name_that_is_no_text_is_an_error():
    with pytest.raises(errors.UsageError, match="metadata name is 3"):
        metadata.encode({3: 1}, masking.Masks())


@pytest.mark.parametrize(
    "text",
    ["token s3cr+t/1", "url s3cr%2Bt%2F1", "in base64 " + base64.b64encode(b"s3cr+t/1").decode()],
)
def test_a_secret_is_masked_in_its_usual_disguises(text):
    masks = masking.Masks(["s3cr+t/1"])
    assert masks.text(text).endswith("***")
    assert masks.binary(text.encode()).endswith(b"***")


def test_short_values_are_no_secrets_and_no_masks_change_nothing():
    assert not masking.Masks(["abc"])
    assert masking.Masks().text("abc") == "abc"


def test_the_memory_of_values_is_bounded_and_what_left_it_is_read_again(tmp_path):
    world = World(tmp_path, lambda: None)
    reads = []

    class Counting(type(world.storage)):
        def read(self, stored, as_type=None):
            reads.append(stored.uri)
            return super().read(stored, as_type)

    manager = Counting(tmp_path, durable=False)
    cache = values.Values({"default": manager}, memory=250_000)
    kept = [world.store(str(each) * 100_000) for each in range(4)]
    for value in kept:
        cache.made(value, "in memory")
    assert cache.read(kept[3]) == "in memory"
    assert cache.read(kept[0]) == "0" * 100_000
    assert len(reads) == 1


def test_a_value_in_memory_of_another_type_than_annotated_is_read_from_storage(tmp_path):
    world = World(tmp_path, lambda: None)
    cache = values.Values({"default": world.storage})
    kept = world.store((1, 2))
    cache.made(kept, (1, 2))
    assert cache.read(kept) == (1, 2)
    assert cache.read(kept, list) == world.storage.read(kept, list)
