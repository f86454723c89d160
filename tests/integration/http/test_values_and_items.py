"""Values too large to be told in a line, and the items of mapped steps, over HTTP on a project that has run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.http import servers

from weft import wiring
from weft.model import errors, stored
from weft.service.server import locations
from weft.storage import plain_reading

DEFINITIONS = """
from datetime import datetime
from weft import current_context, dag, flow, task

@task
def numbers() -> list:
    return list(range(4000))

@task
def words() -> str:
    return "ä" * 300_000

@task
def times() -> list:
    return [{"at": datetime(2024, 1, 1), "both": (1, 2)}] * 200

@task
def small() -> int:
    return 7

@task
def pushing() -> int:
    current_context().push("many", list(range(3000)))
    return 1

@task
def sources() -> list:
    return list(range(12))

@task(retries=0)
def each(n: int) -> int:
    if n == 10:
        raise ValueError(f"no {n}")
    return n

@dag
def kept():
    numbers()
    words()
    times()
    small()
    pushing()
    each.expand(n=sources())

@flow
def returning() -> list:
    return list(range(5000))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    folder = tmp_path_factory.mktemp("values")
    where = servers.project(folder, definitions=DEFINITIONS)
    for name in ("kept", "kept", "returning"):
        subprocess.run([sys.executable, "-m", "weft", "run", name], cwd=folder, check=False, capture_output=True)
    world = wiring.open_world(where)
    locations.record_loaded(world, "main", source="shop.py", root=folder)
    world.ledger.close()
    with servers.running(folder) as running:
        yield running


class Asked:
    """A client that asks and looks at the status."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, path: str, expected: int = 200, /, **query: Any) -> Any:
        """The JSON of an answer."""
        answer = self.client.get(f"/api/v1{path}", params=query)
        assert answer.status_code == expected, answer.text
        return answer.json()

    def run_of(self, pipeline: str) -> str:
        """The newest run of a pipeline."""
        return str(self.get("/runs", pipeline=pipeline)["items"][0]["id"])


@pytest.fixture(scope="module")
def asked(server: servers.Server) -> Iterator[Asked]:
    with server.client(timeout=60) as client:
        yield Asked(client)


def test_a_small_value_is_told_whole_and_a_large_one_says_how_it_is_kept(asked: Asked) -> None:
    run = asked.run_of("kept")
    small = asked.get(f"/runs/{run}/values", step="small")
    assert (small["returned"], small["returned_as"]["whole"]) == (7, True)
    large = asked.get(f"/runs/{run}/values", step="numbers")
    assert large["returned"] == "(list)"
    assert {name: large["returned_as"][name] for name in ("format", "type", "whole", "opens", "handed_out")} == {
        "format": "json", "type": "list", "whole": False, "opens": True, "handed_out": True,
    }  # fmt: skip


def test_the_beginning_of_json_is_laid_out_in_lines_and_cut_where_asked(asked: Asked) -> None:
    run = asked.run_of("kept")
    whole = asked.get(f"/runs/{run}/values/beginning", step="numbers", limit=256 << 10)
    assert whole["whole"]
    assert json.loads(whole["text"]) == list(range(4000))
    assert whole["text"].startswith("[\n  0,\n  1,")
    part = asked.get(f"/runs/{run}/values/beginning", step="numbers", limit=100)
    assert not part["whole"]
    assert whole["text"].startswith(part["text"])
    assert len(part["text"]) == 100
    asked.get(f"/runs/{run}/values/beginning", 422, step="numbers", limit=(256 << 10) + 1)


def test_what_json_has_no_form_for_is_shown_as_text_and_downloaded_as_it_is_kept(asked: Asked) -> None:
    run = asked.run_of("kept")
    shown = json.loads(asked.get(f"/runs/{run}/values/beginning", step="times", limit=256 << 10)["text"])
    assert shown[0] == {"at": "2024-01-01 00:00:00", "both": [1, 2]}
    answer = asked.client.get(f"/api/v1/runs/{run}/values/content", params={"step": "times"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''times.json"
    assert len(answer.json()) == 200


def test_text_is_never_cut_within_a_letter(asked: Asked) -> None:
    run = asked.run_of("kept")
    part = asked.get(f"/runs/{run}/values/beginning", step="words", limit=1001)
    assert part["text"] == "ä" * 500
    answer = asked.client.get(f"/api/v1/runs/{run}/values/content", params={"step": "words"})
    assert answer.text == "ä" * 300_000


def test_what_a_flow_returned_is_opened_without_naming_a_step(asked: Asked) -> None:
    run = asked.run_of("returning")
    assert not asked.get(f"/runs/{run}/values")["returned_as"]["whole"]
    assert json.loads(asked.get(f"/runs/{run}/values/beginning")["text"]) == list(range(5000))
    asked.get(f"/runs/{asked.run_of('kept')}/values", 404)


def test_what_is_not_there_is_404(asked: Asked) -> None:
    run = asked.run_of("kept")
    asked.get(f"/runs/{run}/values/beginning", 404, step="nothing")
    asked.get(f"/runs/{run}/values/content", 404, step="numbers", name="nothing")


def test_what_was_pushed_under_a_name_is_opened_by_it(asked: Asked) -> None:
    run = asked.run_of("kept")
    told = asked.get(f"/runs/{run}/values", step="pushing")
    assert (told["named"]["many"], told["named_as"]["many"]["opens"]) == ("(list)", True)
    text = asked.get(f"/runs/{run}/values/beginning", step="pushing", name="many")["text"]
    assert json.loads(text) == list(range(3000))


def test_a_pickle_is_neither_read_nor_handed_out_nor_is_what_lies_elsewhere(tmp_path: Path) -> None:
    storage = plain_reading.PlainStorage(tmp_path / "data")
    (tmp_path / "secret.json").write_text("[1]")
    pickled = stored.StoredValue(format="pickle", data_version="p1:00", uri="a/b.pickle", size=4)
    assert storage.beginning(pickled, 100) is None
    with pytest.raises(errors.StorageError, match="kept as pickle is not handed out"):
        storage.pieces(pickled)
    for uri in ("../secret.json", str(tmp_path / "secret.json")):
        outside = stored.StoredValue(format="json", data_version="j1:00", uri=uri, size=3)
        with pytest.raises(errors.StorageError, match="not where the storage keeps values"):
            storage.beginning(outside, 100)
        with pytest.raises(errors.StorageError, match="not where the storage keeps values"):
            storage.pieces(outside)


def test_of_a_table_the_first_rows_are_shown(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "data").mkdir()
    parquet.write_table(pyarrow.table({"n": list(range(500))}), tmp_path / "data" / "t.parquet")
    size = (tmp_path / "data" / "t.parquet").stat().st_size
    table = stored.StoredValue(format="parquet", data_version="t1:00", uri="t.parquet", size=size)
    told = plain_reading.PlainStorage(tmp_path / "data").beginning(table, 10_000)
    assert told is not None
    text, whole = told
    assert [json.loads(line) for line in text.splitlines()] == [{"n": number} for number in range(100)]
    assert not whole


def test_the_items_of_a_step_are_told_in_stretches_for_several_runs(asked: Asked) -> None:
    runs = [each["id"] for each in asked.get("/runs", pipeline="kept")["items"]]
    found = asked.get("/pipelines/kept/grid/items", step="each", run=runs)
    assert (found["step"], found["count"], found["names"]) == ("each", 12, None)
    assert {each["run"]: each["stretches"] for each in found["runs"]} == {
        run: [[0, 10, "succeeded"], [10, 11, "failed"], [11, 12, "succeeded"]] for run in runs
    }


def test_items_of_a_run_of_another_pipeline_are_refused(asked: Asked) -> None:
    other = asked.run_of("returning")
    refused = asked.get("/pipelines/kept/grid/items", 404, step="each", run=other)
    assert other in refused["detail"]
    asked.get("/pipelines/kept/grid/items", 422, step="each")


def test_one_item_of_a_step_is_found_alone(asked: Asked) -> None:
    run = asked.run_of("kept")
    found = asked.get(f"/runs/{run}/step-runs", step="kept:each", item="10")["items"]
    assert [(each["item"], each["outcome"]) for each in found] == [("10", "failed")]
    assert asked.get(f"/runs/{run}/values", step="each", item="9")["returned"] == 9
