import datetime
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pandas
import polars
import polars.testing
import pyarrow
import pytest

from weft.model import errors
from weft.model.stored import StoredValue
from weft.storage import DuckDBStorage, WriteTarget, table_hashing

TABLE = polars.DataFrame(
    {
        "n": [1, None, 3],
        "x": [float("nan"), None, 0.5],
        "c": polars.Series(["p", "q", "p"], dtype=polars.Categorical),
        "t": polars.Series(
            [datetime.datetime(2024, 1, 5, tzinfo=datetime.UTC)] * 3, dtype=polars.Datetime("ms", "Europe/Paris")
        ),
        "l": [[1], [], None],
    }
)


def target(attempt: str, partition: str | None = None, asset: str = "shop/Orders") -> WriteTarget:
    return WriteTarget(asset=asset, partition=partition, attempt=attempt)


@pytest.fixture
def storage(tmp_path: Path) -> DuckDBStorage:
    return DuckDBStorage(tmp_path / "new" / "warehouse.duckdb", schema="weft data")


def rows(storage: DuckDBStorage, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(storage.path)) as connection:
        return connection.execute(query).fetchall()


def test_a_table_reads_back_as_it_was_and_as_annotated(storage: DuckDBStorage) -> None:
    stored = storage.write(TABLE, target("1"))
    polars.testing.assert_frame_equal(storage.read(stored), TABLE)
    assert isinstance(storage.read(stored, pandas.DataFrame), pandas.DataFrame)
    assert isinstance(storage.read(stored, pyarrow.Table), pyarrow.Table)
    assert stored.data_version == table_hashing.version(TABLE.to_arrow())
    assert (stored.io, storage.pool) == ("duckdb", f"duckdb:{storage.path}")
    frame = pandas.DataFrame({"a": [1, 2], "s": ["x", None]}, index=pandas.Index([5, 3], name="key"))
    pandas.testing.assert_frame_equal(storage.read(storage.write(frame, target("2"))), frame)
    many = pyarrow.table({"a": list(range(300_000, 0, -1))})
    assert storage.read(storage.write(many, target("3"))).equals(many)  # type: ignore[attr-defined]


def test_a_relation_is_stored(storage: DuckDBStorage) -> None:
    with duckdb.connect() as connection:
        stored = storage.write(connection.sql("SELECT 1 AS a UNION ALL SELECT 2"), target("1"))
    assert storage.read(stored).to_pydict() == {"a": [1, 2]}  # type: ignore[attr-defined]


def test_the_view_shows_the_current_partitions_and_no_others(storage: DuckDBStorage) -> None:
    old = storage.write(polars.DataFrame({"a": [1]}), target("1", "it's"))
    new = storage.write(polars.DataFrame({"a": [2], "partition": [9]}), target("2", "it's"))
    other = storage.write(polars.DataFrame({"a": [3]}), target("3", "b"))
    query = 'SELECT * FROM "weft data"."shop__Orders" ORDER BY a'
    storage.publish("shop/Orders", {"it's": old, "b": other})
    assert rows(storage, query) == [(1, "it's"), (3, "b")]
    storage.publish("shop/Orders", {"it's": new})
    assert rows(storage, query) == [(2, 9, "it's")]
    storage.publish("shop/Orders", {})
    with pytest.raises(duckdb.CatalogException):
        rows(storage, query)


def test_the_view_of_an_asset_without_partitions_has_its_columns_only(storage: DuckDBStorage) -> None:
    storage.publish("plain", {None: storage.write(polars.DataFrame({"a": [1]}), target("1", None, "plain"))})
    storage.publish("plain", {None: storage.write(polars.DataFrame({"b": [2]}), target("2", None, "plain"))})
    assert rows(storage, 'SELECT * FROM "weft data".plain') == [(2,)]


def test_two_assets_that_would_share_a_view_are_told_apart(storage: DuckDBStorage) -> None:
    first = storage.write(polars.DataFrame({"a": [1]}), target("1", None, "a/b"))
    second = storage.write(polars.DataFrame({"a": [2]}), target("2", None, "a__B"))
    storage.publish("a/b", {None: first})
    with pytest.raises(errors.StorageError, match="asset a/b"):
        storage.publish("a__B", {None: second})
    assert rows(storage, 'SELECT * FROM "weft data".a__b') == [(1,)]


def test_a_table_of_somebody_elses_is_not_replaced(storage: DuckDBStorage) -> None:
    stored = storage.write(polars.DataFrame({"a": [1]}), target("1", None, "mine"))
    rows(storage, 'CREATE TABLE "weft data".mine AS SELECT 7 AS x')
    with pytest.raises(errors.StorageError, match="belongs to something else"):
        storage.publish("mine", {None: stored})
    assert rows(storage, 'SELECT * FROM "weft data".mine') == [(7,)]


def test_versions_are_immutable_and_removal_is_idempotent(storage: DuckDBStorage) -> None:
    stored = storage.write(polars.DataFrame({"a": [1]}), target("1"))
    with pytest.raises(errors.StorageError, match="immutable"):
        storage.write(polars.DataFrame({"a": [2]}), target("1"))
    assert storage.read(stored).to_dict(as_series=False) == {"a": [1]}  # type: ignore[attr-defined]
    assert storage.exists(stored)
    storage.remove(stored)
    storage.remove(stored)
    assert not storage.exists(stored)
    with pytest.raises(errors.StorageError, match="is gone"):
        storage.read(stored)


def test_nothing_is_made_by_asking(storage: DuckDBStorage) -> None:
    stored = StoredValue(format="duckdb", data_version="t1:0", uri="a/@/1", io="duckdb")
    storage.remove(stored)
    assert not storage.exists(stored)
    with pytest.raises(errors.StorageError, match="is gone"):
        storage.read(stored)
    assert not storage.path.exists()


def test_what_is_no_table_is_refused(storage: DuckDBStorage) -> None:
    with pytest.raises(errors.StorageError, match="is no table"):
        storage.write({"a": 1}, target("1"))


HOLDER = """
    import duckdb, sys
    connection = duckdb.connect(sys.argv[1])
    print("open", flush=True)
    sys.stdin.readline()
    connection.close()
    print("closed", flush=True)
    sys.stdin.readline()
"""


def test_another_process_that_holds_the_file_is_waited_for_and_then_named(storage: DuckDBStorage) -> None:
    stored = storage.write(polars.DataFrame({"a": [1]}), target("1"))
    command = [sys.executable, "-c", textwrap.dedent(HOLDER), str(storage.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        impatient = DuckDBStorage(storage.path, schema="weft data", lock_seconds=0.1)
        with pytest.raises(errors.StorageError, match="in use elsewhere"):
            impatient.read(stored)
        # Told to close, it does so while this process waits: no order between the two is needed.
        holder.stdin.write("\n")
        holder.stdin.flush()
        assert storage.exists(stored)
        assert holder.stdout.readline() == "closed\n"
        # The holder still lives: the file is free because it closed it, and free for it again now.
        with duckdb.connect(str(storage.path), read_only=True) as reader:
            assert len(reader.execute("SELECT table_name FROM duckdb_tables()").fetchall()) == 1
        holder.stdin.write("\n")
        holder.stdin.flush()
