import dataclasses
import datetime
import errno
import os
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Annotated, Any, Union

import msgspec
import numpy
import pandas
import polars
import polars.testing
import pyarrow
import pydantic
import pytest

from weft.model import errors
from weft.storage import IOManager, PickleStorage, TypedStorage, WriteTarget, local_files, protocol
from weft.storage.combining import combine, element_type


@dataclasses.dataclass
class Order:
    id: int
    price: float


class Model(pydantic.BaseModel):
    when: datetime.date


class Struct(msgspec.Struct):
    a: int


TABLE = polars.DataFrame(
    {
        "n": [1, None, 3],
        "x": [float("nan"), None, 0.5],
        "s": ["a", None, "ü"],
        "c": polars.Series(["p", "q", "p"], dtype=polars.Categorical),
        "e": polars.Series(["p", "q", None], dtype=polars.Enum(["q", "p"])),
        "d": [datetime.date(2024, 1, 5), None, None],
        "t": [datetime.datetime(2024, 1, 5, tzinfo=datetime.UTC)] * 3,
        "l": [[1], [], None],
        "r": [{"a": 1}, {"a": None}, {"a": 3}],
    }
)


def target(attempt: str = "r1", **given: Any) -> WriteTarget:
    return WriteTarget(**{"asset": "shop/orders", "partition": "2024-01-05", "attempt": attempt, **given})


@pytest.fixture(params=["local", "memory", "file"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> TypedStorage:
    roots = {"local": str(tmp_path / "root"), "memory": f"memory://{tmp_path.name}", "file": f"file://{tmp_path}/root"}
    return TypedStorage(roots[request.param], inline_limit=8)


@pytest.mark.parametrize(
    "value",
    [
        1,
        "a text that is longer than the limit",
        b"bytes that are longer than the limit",
        bytearray(b"bytes"),
        {"a": [1, 2.5, None, True], "b": "ü" * 10},
        (1, ("two", 3.0)),
        Order(1, 2.5),
        Model(when=datetime.date(2024, 1, 5)),
        Struct(3),
        None,
    ],
)
def test_a_value_reads_back_as_what_it_was(storage: TypedStorage, value: object) -> None:
    stored = storage.write(value, target())
    assert storage.exists(stored)
    found = storage.read(stored)
    assert found == value
    assert type(found) is type(value)
    assert (stored.inline is None) == (stored.uri is not None or value is None)
    assert msgspec.json.decode(msgspec.json.encode(stored), type=type(stored)) == stored


def test_tables_read_back_as_the_kind_that_they_were(storage: TypedStorage) -> None:
    polars.testing.assert_frame_equal(storage.read(storage.write(TABLE, target("p"))), TABLE)
    lazy = storage.read(storage.write(TABLE.lazy(), target("z")))
    assert isinstance(lazy, polars.LazyFrame)
    polars.testing.assert_frame_equal(lazy.collect(), TABLE)
    frame = pandas.DataFrame({"a": [1, 2], "s": ["x", None]}, index=pandas.Index([2001, 2002], name="year"))
    pandas.testing.assert_frame_equal(storage.read(storage.write(frame, target("d"))), frame)
    named = pandas.DataFrame([[1, 2]], columns=pandas.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    pandas.testing.assert_frame_equal(storage.read(storage.write(named, target("m"))), named)
    pandas.testing.assert_frame_equal(storage.read(storage.write(frame.loc[[2002]], target("i"))), frame.loc[[2002]])
    arrow = pyarrow.table({"a": pyarrow.array([1, None], pyarrow.int16()), "s": ["x", "y"]})
    assert storage.read(storage.write(arrow, target("a"))).equals(arrow)  # type: ignore[attr-defined]
    assert storage.read(storage.write(arrow.to_batches()[0], target("b"))).equals(arrow.to_batches()[0])  # type: ignore[attr-defined]


def test_a_table_that_was_read_has_the_version_that_was_written(storage: TypedStorage) -> None:
    stored = storage.write(TABLE, target("1"))
    assert storage.write(storage.read(stored), target("2")).data_version == stored.data_version
    assert storage.write(storage.read(stored, pyarrow.Table), target("3")).data_version == stored.data_version


def test_a_table_reads_as_the_kind_that_the_annotation_names(storage: TypedStorage) -> None:
    stored = storage.write(TABLE.select("n", "s"), target())
    for wanted in (polars.DataFrame, polars.LazyFrame, pandas.DataFrame, pyarrow.Table):
        assert isinstance(storage.read(stored, wanted), wanted)
        assert isinstance(storage.read(stored, wanted | None), wanted)
    assert storage.read(stored, dict[str, int]).equals(TABLE.select("n", "s"))  # type: ignore[attr-defined]


def test_a_stored_table_has_its_version_rows_and_columns_and_no_library_counts(storage: TypedStorage) -> None:
    frame = pandas.DataFrame({"a": [1, 2]})
    one, two = storage.write(frame, target("1")), storage.write(polars.from_pandas(frame), target("2"))
    assert one.data_version == two.data_version
    assert one.metadata is not None
    assert msgspec.json.decode(one.metadata["rows"]) == 2
    assert msgspec.json.decode(one.metadata["columns"]) == {"a": "int64"}


def test_a_file_and_a_folder_are_copied_and_read_as_paths(storage: TypedStorage, tmp_path: Path) -> None:
    source = tmp_path / "report.csv"
    source.write_text("a,b\n")
    first = storage.write(source, target("1"))
    found = storage.read(first)
    assert isinstance(found, Path)
    assert found.read_text() == "a,b\n"
    assert found.suffix == ".csv"
    source.write_text("changed")
    assert found.read_text() == "a,b\n"
    folder = tmp_path / "folder"
    (folder / "deep" / "empty").mkdir(parents=True)
    (folder / "deep" / "x.txt").write_text("x")
    second = storage.write(folder, target("2"))
    copied = storage.read(second)
    assert isinstance(copied, Path)
    assert sorted(path.relative_to(copied).as_posix() for path in copied.rglob("*")) == [
        "deep",
        "deep/empty",
        "deep/x.txt",
    ]
    assert storage.write(folder, target("3")).data_version == second.data_version
    (folder / "deep" / "x.txt").rename(folder / "deep" / "y.txt")
    assert storage.write(folder, target("4")).data_version != second.data_version
    storage.remove(second)
    storage.remove(second)
    assert not storage.exists(second)


def test_a_stored_file_cannot_be_changed_by_its_reader(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("x")
    (tmp_path / "a.sh").chmod(0o755)
    storage = TypedStorage(tmp_path / "root")
    found = storage.read(storage.write(tmp_path / "a.sh", target()))
    assert isinstance(found, Path)
    assert stat.S_IMODE(found.stat().st_mode) == 0o555


def test_a_returned_path_where_nothing_is_is_an_error(storage: TypedStorage, tmp_path: Path) -> None:
    with pytest.raises(errors.StorageError, match="nothing is there"):
        storage.write(tmp_path / "missing", target())


@pytest.mark.parametrize(
    "array", [numpy.arange(6).reshape(2, 3)[:, ::2], numpy.array(["a", "bc"]), numpy.array(5.0), numpy.zeros((0, 2))]
)
def test_an_array_reads_back(storage: TypedStorage, array: Any) -> None:
    stored = storage.write(array, target())
    found: Any = storage.read(stored)
    assert found.dtype == array.dtype
    assert numpy.array_equal(found, array)
    assert storage.write(array.copy(order="F"), target("2")).data_version == stored.data_version
    assert storage.write(array.astype("S9"), target("3")).data_version != stored.data_version


def test_an_existing_version_is_never_replaced(storage: TypedStorage) -> None:
    stored = storage.write("first text", target())
    with pytest.raises(errors.StorageError, match="immutable"):
        storage.write("second text", target())
    assert storage.read(stored) == "first text"


def test_a_version_that_is_gone_says_so(storage: TypedStorage) -> None:
    stored = [storage.write("a longer text", target("1")), storage.write(TABLE, target("2"))]
    for version in stored:
        storage.remove(version)
        storage.remove(version)
        with pytest.raises(errors.StorageError, match="is gone"):
            storage.read(version)


def test_small_values_travel_inline_up_to_the_limit(tmp_path: Path) -> None:
    storage = TypedStorage(tmp_path, inline_limit=4)
    assert storage.write("1234", target("1")).inline == b"1234"
    assert storage.write("12345", target("2")).inline is None
    assert storage.write(b"1234", target("3")).uri is None
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["r2.txt".replace("r", "")]


def test_none_has_a_unique_version_that_only_the_attempt_decides(tmp_path: Path) -> None:
    storage = TypedStorage(tmp_path)
    assert storage.write(None, target("r7")).data_version == "u1:r7"
    assert storage.write(None, target("r7", unhashed_version="etag-5")).data_version == "v1:etag-5"


def test_a_version_given_by_the_user_replaces_the_hash(storage: TypedStorage) -> None:
    values = (1, "text", TABLE, numpy.arange(3))
    found = {storage.write(value, target(str(n), unhashed_version="5")).data_version for n, value in enumerate(values)}
    assert found == {"v1:5"}


def test_a_type_that_cannot_be_stored_is_named_with_the_ways_out(tmp_path: Path) -> None:
    class Socket:
        pass

    with pytest.raises(errors.StorageError) as caught:
        TypedStorage(tmp_path).write({"a": [Socket()]}, target())
    assert "Socket" in str(caught.value)
    assert "value['a'][0]" in str(caught.value)
    assert "IO manager" in str(caught.value)
    assert "PickleStorage" in str(caught.value)
    assert not list(tmp_path.rglob("*"))


def test_a_local_root_imports_neither_fsspec_nor_pydantic_nor_a_table_library(tmp_path: Path) -> None:
    program = f"""
        import sys
        from weft.storage import TypedStorage, WriteTarget
        s = TypedStorage({str(tmp_path)!r}, inline_limit=2)
        s.read(s.write({{"a": 1}}, WriteTarget(asset="a", attempt="1")), dict[str, int])
        print([m for m in ("fsspec", "pydantic", "polars", "pandas", "pyarrow", "numpy", "duckdb") if m in sys.modules])
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        ({"id": 1, "price": 2.5}, Order, Order(1, 2.5)),
        ({"id": 1, "price": 2.5}, Order | None, Order(1, 2.5)),
        ({"when": "2024-01-05"}, Model, Model(when=datetime.date(2024, 1, 5))),
        ({"a": 3}, Struct, Struct(3)),
        ([1, 2], tuple[int, ...], (1, 2)),
        ((1, 2), list[int], [1, 2]),
        ([1, 2], set[int], {1, 2}),
        ([{"id": 1, "price": 2.5}], list[Order], [Order(1, 2.5)]),
        ([{"when": "2024-01-05"}], list[Model], [Model(when=datetime.date(2024, 1, 5))]),
        (1, float, 1.0),
        ("text", int, "text"),
        ([1, "x"], list[int], [1, "x"]),
        ({"a": 1}, list[int] | Struct, Struct(1)),
        ([1], Annotated[tuple[int, ...], "note"], (1,)),
        ({"d": "2024-01-05"}, dict[str, datetime.date], {"d": datetime.date(2024, 1, 5)}),
        (5, Any, 5),
        (None, int | None, None),
    ],
)
def test_a_value_reads_as_the_annotation_where_it_can(
    tmp_path: Path, value: object, annotation: object, expected: object
) -> None:
    storage = TypedStorage(tmp_path)
    found = storage.read(storage.write(value, target()), annotation)
    assert found == expected
    assert type(found) is type(expected)


def test_a_record_whose_class_is_gone_reads_by_annotation_only(tmp_path: Path) -> None:
    local = dataclasses.make_dataclass("Local", [("id", int), ("price", float)])
    storage = TypedStorage(tmp_path)
    stored = storage.write(local(1, 2.5), target())
    assert storage.read(stored, Order) == Order(1, 2.5)
    with pytest.raises(errors.StorageError, match="cannot be found"):
        storage.read(stored)


class Interrupted(BaseException):
    pass


@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOSPC, "No space left on device"), Interrupted(), ValueError("encoder")]
)
def test_a_failed_write_leaves_nothing(tmp_path: Path, failure: BaseException) -> None:
    files = local_files.LocalFiles(tmp_path)

    def encode(file: Any) -> None:
        file.write(b"half")
        raise failure

    with pytest.raises((errors.StorageError, Interrupted, ValueError)) as caught:
        files.write("a/@/r1.json", encode)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not files.exists("a/@/r1.json")
    if isinstance(failure, OSError):
        assert isinstance(caught.value, errors.StorageError)
        assert "the disk is full" in str(caught.value)
        assert str(tmp_path) in str(caught.value)


def test_a_process_killed_while_it_writes_leaves_no_version(tmp_path: Path) -> None:
    program = f"""
        import os
        from pathlib import Path
        from weft.storage import local_files
        files = local_files.LocalFiles(Path({str(tmp_path)!r}))
        files.write("a/@/r1.bin", lambda file: file.write(b"whole"))
        files.write("a/@/r2.bin", lambda file: (file.write(b"half"), file.flush(), os.kill(os.getpid(), 9)))
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert run.returncode == -9
    files = local_files.LocalFiles(tmp_path)
    assert files.read("a/@/r1.bin") == b"whole"
    assert not files.exists("a/@/r2.bin")
    assert files.write("a/@/r2.bin", lambda file: file.write(b"again")) == 5


def test_a_file_system_without_links_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    storage = TypedStorage(tmp_path, inline_limit=0)
    assert storage.read(storage.write("text", target())) == "text"
    with pytest.raises(errors.StorageError, match="immutable"):
        storage.write("other", target())


def test_a_failed_copy_of_a_folder_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("x")
    os.mkfifo(tmp_path / "folder" / "pipe")
    with pytest.raises(errors.StorageError, match="pipe is neither"):
        TypedStorage(tmp_path / "root").write(tmp_path / "folder", target())
    assert [path for path in (tmp_path / "root").rglob("*") if path.is_file() or path.name.endswith("tmp")] == []


def test_a_file_past_the_systems_limit_is_an_error_that_says_so(tmp_path: Path) -> None:
    program = f"""
        import resource, sys
        import polars
        from pathlib import Path
        from weft.model import errors
        from weft.storage import TypedStorage, WriteTarget
        storage = TypedStorage({str(tmp_path)!r})
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        for attempt, value in (("1", b"x" * 100000), ("2", polars.DataFrame({{"a": range(100000)}}))):
            try:
                storage.write(value, WriteTarget(asset="a", attempt=attempt))
            except errors.StorageError as error:
                print("larger than the system allows" in str(error), {str(tmp_path)!r} in str(error))
        print([p.name for p in Path({str(tmp_path)!r}).rglob("*") if p.is_file()])
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert run.stdout.split("\n") == ["True True", "True True", "[]", ""]


def test_a_full_disk_is_an_error_that_says_so(tmp_path: Path) -> None:
    program = f"""
        import subprocess, sys
        from pathlib import Path
        from weft.model import errors
        from weft.storage import TypedStorage, WriteTarget
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", {str(tmp_path)!r}]
        if subprocess.run(mount, capture_output=True).returncode:
            print("cannot mount")
            raise SystemExit
        try:
            TypedStorage({str(tmp_path)!r}).write(b"x" * 100000, WriteTarget(asset="a", attempt="1"))
        except errors.StorageError as error:
            print(error)
        print([p.name for p in Path({str(tmp_path)!r}).rglob("*") if p.is_file()])
        subprocess.run(["mount", "-o", "remount,ro", {str(tmp_path)!r}], check=True)
        try:
            TypedStorage({str(tmp_path)!r}).write(b"x" * 100000, WriteTarget(asset="a", attempt="2"))
        except errors.StorageError as error:
            print(error)
    """
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", textwrap.dedent(program)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode or "cannot mount" in run.stdout:
        pytest.skip("this machine lets tests mount no file system of their own")
    full, left, read_only = run.stdout.strip().split("\n")
    assert "the disk is full" in full
    assert left == "[]"
    assert "read-only" in read_only


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_an_error_that_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(errors.StorageError, match="permission is denied"):
        TypedStorage(tmp_path / "root", inline_limit=0).write("text", target())


def test_a_root_below_a_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(errors.StorageError, match="is a file"):
        TypedStorage(tmp_path / "file" / "root", inline_limit=0).write("text", target())


def test_removed_folders_are_made_again(tmp_path: Path) -> None:
    storage = TypedStorage(tmp_path / "root", inline_limit=0)
    storage.remove(storage.write("text", target("1")))
    assert list((tmp_path / "root").iterdir()) == []
    assert storage.read(storage.write("text", target("2"))) == "text"


def test_a_writer_and_a_remover_of_the_same_folder_do_not_meet(tmp_path: Path) -> None:
    problems: list[errors.StorageError] = []

    def write_and_remove(name: str) -> None:
        storage = TypedStorage(tmp_path / "root", inline_limit=0, durable=False)
        for number in range(150):
            try:
                stored = storage.write("text", target(f"{name}-{number}"))
                assert storage.read(stored) == "text"
                storage.remove(stored)
            except errors.StorageError as error:
                problems.append(error)

    threads = [threading.Thread(target=write_and_remove, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_two_methods_make_an_io_manager(tmp_path: Path) -> None:
    class Upper(IOManager):
        def write(self, value: object, target: WriteTarget) -> protocol.stored_values.StoredValue:
            (tmp_path / target.attempt).write_text(str(value).upper())
            return target.stored(str(tmp_path / target.attempt))

        def read(self, stored: protocol.stored_values.StoredValue, as_type: object | None = None) -> object:
            assert stored.uri is not None
            return Path(stored.uri).read_text()

    manager = Upper()
    stored = manager.write("text", target("r5", io="upper"))
    assert (manager.read(stored), manager.exists(stored), manager.name, manager.pool) == ("TEXT", True, "Upper", None)
    assert (stored.data_version, stored.io) == ("u1:r5", "upper")
    assert target(unhashed_version="7").stored("x").data_version == "v1:7"
    manager.remove(stored)
    manager.publish("shop/orders", {None: stored})
    assert manager.read(stored) == "TEXT"


def test_pickles_are_opt_in_and_read_back(tmp_path: Path) -> None:
    storage = PickleStorage(tmp_path)
    stored = storage.write({1: {2, 3}}, target())
    assert stored.format == "pickle"
    assert storage.read(stored) == {1: {2, 3}}
    with pytest.raises(errors.StorageError, match="format 'pickle'"):
        TypedStorage(tmp_path).read(stored)
    with pytest.raises(errors.StorageError, match="cannot be pickled"):
        storage.write(lambda: None, target("2"))


PARTS = {"d1": polars.DataFrame({"a": [1]}), "d2": polars.DataFrame({"a": [2, None]})}


def test_several_partitions_come_as_the_annotation_asks() -> None:
    assert combine({"d1": 1, "d2": 2}, None) == {"d1": 1, "d2": 2}
    assert combine({"d1": 1, "d2": 2}, dict[str, int]) == {"d1": 1, "d2": 2}
    assert combine({"d1": 1, "d2": 2}, list[int]) == [1, 2]
    assert combine({}, list[int]) == []
    joined = combine(PARTS, polars.DataFrame)
    assert isinstance(joined, polars.DataFrame)
    assert joined["a"].to_list() == [1, 2, None]
    assert combine(PARTS, polars.LazyFrame).collect().equals(joined)  # type: ignore[attr-defined]
    assert combine(PARTS, pandas.DataFrame).index.tolist() == [0, 1, 2]  # type: ignore[attr-defined]
    assert combine(PARTS, pyarrow.Table).num_rows == 3  # type: ignore[attr-defined]


def test_partitions_that_do_not_fit_or_are_none_at_all_are_an_error() -> None:
    with pytest.raises(errors.StorageError, match="do not fit together"):
        combine({**PARTS, "d3": polars.DataFrame({"b": ["x"]})}, polars.DataFrame)
    with pytest.raises(errors.StorageError, match="no partition"):
        combine({}, polars.DataFrame)


def test_each_partition_is_read_as_the_inner_annotation() -> None:
    assert element_type(dict[str, pandas.DataFrame]) is pandas.DataFrame
    assert element_type(list[Order]) is Order
    assert element_type(polars.DataFrame) is polars.DataFrame
    assert element_type(None) is None


def spoil(folder: Path, stored: protocol.stored_values.StoredValue, change: Any) -> None:
    path = folder / stored.uri
    path.chmod(0o644)
    path.write_bytes(change(path.read_bytes()))


LARGE = {
    "bytes": b"x" * 100_000,
    "text": "x" * 100_000,
    "json": list(range(50_000)),
    "array": numpy.arange(50_000),
    "table": TABLE,
}


@pytest.mark.parametrize("value", [*LARGE.values(), Path(__file__)], ids=[*LARGE, "path"])
@pytest.mark.parametrize("kept", [0, 10_000])
def test_a_version_that_lost_bytes_is_an_error_and_not_a_value(tmp_path, value, kept):
    storage = TypedStorage(tmp_path)
    stored = storage.write(value, target())
    spoil(tmp_path, stored, lambda content: content[: min(kept, len(content) - 1)])
    with pytest.raises(errors.StorageError, match=r"is damaged: it has .* bytes, but .* were written"):
        storage.read(stored)


@pytest.mark.parametrize("kind", ["bytes", "text", "array"])
def test_a_version_whose_content_was_changed_is_an_error_and_not_a_value(tmp_path, kind):
    storage = TypedStorage(tmp_path)
    stored = storage.write(LARGE[kind], target())
    spoil(tmp_path, stored, lambda content: content[:-1] + b"y")
    with pytest.raises(errors.StorageError, match="its content is not what was written"):
        storage.read(stored)


def test_a_changed_pickle_is_refused_before_it_is_loaded(tmp_path):
    storage = PickleStorage(tmp_path)
    stored = storage.write({"a": 1}, target())
    spoil(tmp_path, stored, lambda content: content[:-2] + b"y.")
    with pytest.raises(errors.StorageError, match="its content is not what was written"):
        storage.read(stored)


def test_a_table_of_a_remote_storage_that_lost_bytes_is_an_error(tmp_path):
    storage = TypedStorage(f"file://{tmp_path}")
    stored = storage.write(TABLE, target())
    spoil(tmp_path, stored, lambda content: content[:-1])
    with pytest.raises(errors.StorageError, match="is damaged"):
        storage.read(stored, polars.LazyFrame)


@pytest.mark.parametrize("wanted", [Order, Model, Struct, Annotated[Model, "a note"]], ids=str)
def test_a_record_that_cannot_be_made_of_what_is_stored_is_an_error_that_says_why(tmp_path, wanted):
    storage = TypedStorage(tmp_path)
    stored = storage.write({"other": 1}, target())
    with pytest.raises(errors.StorageError, match=r"(?s)cannot be read as (Order|Model|Struct), .*(missing|required)"):
        storage.read(stored, wanted)
    assert storage.read(stored, Union[wanted, dict]) == {"other": 1}  # noqa: UP007


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_a_model_that_was_stored_unvalidated_is_not_handed_over_as_a_dict(tmp_path):
    storage = TypedStorage(tmp_path)
    stored = storage.write(Model.model_construct(when="bad"), target())
    with pytest.raises(errors.StorageError, match="cannot be read as Model"):
        storage.read(stored, Model)
