"""The resources over HTTP: what the command line can do, on a real server over a real project that has run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.integration.http import servers

from weft import wiring
from weft.model import events
from weft.service.server import locations
from weft.stores import sqlite

DEFINITIONS = """
from datetime import datetime
from weft import *

days = DailyPartitions(start_date="2024-01-01", end_date="2024-03-01")

@asset(owners=["team:a"])
def numbers() -> list:
    print("one line")
    print("another line")
    return [1, 2, 3]

@asset
def total(numbers: list) -> int:
    return sum(numbers)

@asset
def broken(numbers: list) -> int:
    raise ValueError("no luck")

@asset(partitions=days, group="daily")
def daily(context) -> str:
    return context.partition_key

@asset(partitions=MultiPartitions({"place": StaticPartitions(["east", "north", "west"]), "day": days}))
def by_day_and_place(context) -> str:
    return context.partition_key

@asset(partitions=days)
def measured(context) -> str:
    context.add_metadata({"rows": int(context.partition_key[-2:]), "share": -0.5, "sure": True, "note": "3"})
    return context.partition_key

@asset(partitions=DynamicPartitions("customers"))
def customers(context) -> str:
    return context.partition_key

@task
def extract(date: str) -> int:
    artifacts.markdown("# report <script>alert(1)</script> [x](javascript:alert(1))", key="report")
    return 41

@task
def load(n: int) -> int:
    return n + 1

@dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 10), params={"x": 1})
def etl():
    load(extract("{{ ds }}"))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    folder = tmp_path_factory.mktemp("resources")
    where = servers.project(folder, definitions=DEFINITIONS)

    def weft(*arguments: str) -> None:
        subprocess.run([sys.executable, "-m", "weft", *arguments], cwd=folder, check=False, capture_output=True)

    weft("apply", "+total or broken", "--yes")
    weft("apply", "daily", "-p", "2024-01-10..2024-01-19", "--yes")
    weft("apply", "by_day_and_place", "-p", "north|2024-01-03..2024-01-04", "--yes")
    for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
        weft("apply", "measured", "-p", day, "--yes")
    weft("run", "etl", "-p", "2024-01-05")
    world = wiring.open_world(where)
    locations.record_loaded(world, "main", source="shop.py", root=folder)
    world.ledger.close()
    with servers.running(folder) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: servers.Server) -> Iterator[httpx.Client]:
    with server.client() as made:
        yield made


class Api:
    """Short spellings."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, path: str, expected: int = 200, /, **query: Any) -> Any:
        answer = self.client.get(f"/api/v1{path}", params=query)
        assert answer.status_code == expected, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.client.post(f"/api/v1{path}", json=body if body is not None else {})
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def api(client: httpx.Client) -> Api:
    return Api(client)


def _run_of(api: Api, pipeline: str | None) -> Any:
    return next(
        each for each in api.get("/runs")["items"] if each["pipeline"] == pipeline and each["outcome"] == "succeeded"
    )


# --- runs ---


def test_a_run_is_started_and_found_again(api: Api) -> None:
    answer = api.client.post("/api/v1/pipelines/etl/runs", json={"params": {"x": 2}, "partition": "2024-01-07"})
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"] == f"/api/v1/runs/{made['id']}"
    assert made["params"] == {"x": 2}
    assert made["location"] == "main"
    assert api.get(f"/runs/{made['id']}")["phase"] == "created"
    assert made["id"] in {each["id"] for each in api.get("/runs", live=True, pipeline="etl")["items"]}
    reasons = api.get(f"/runs/{made['id']}/why")["reasons"]
    assert [each["kind"] for each in reasons] == ["no_worker"]
    assert api.post(f"/runs/{made['id']}/cancel", {"reason": "not now"})["outcome"] == "cancelled"
    assert api.get(f"/runs/{made['id']}")["outcome"] == "cancelled"
    api.post(f"/runs/{made['id']}/cancel", status=409)


def test_the_body_of_a_new_run_may_be_empty(api: Api) -> None:
    answer = api.client.post("/api/v1/pipelines/etl/runs")
    assert answer.status_code == 201
    assert answer.json()["params"] == {"x": 1}


def test_wrong_parameters_start_nothing(api: Api) -> None:
    before = len(api.get("/runs", limit=500)["items"])
    refused = api.post("/pipelines/etl/runs", {"params": {"y": 1}}, 422)
    assert "'y'" in refused["detail"]
    assert [(each["field"], each["value"]) for each in refused["errors"]] == [("body.params.y", 1)]
    assert "etl" in api.post("/pipelines/elt/runs", {}, 404)["remedy"]
    assert len(api.get("/runs", limit=500)["items"]) == before


def test_an_unknown_run_is_404_with_what_may_be_meant(api: Api) -> None:
    run = _run_of(api, "etl")["id"]
    assert run in api.get(f"/runs/{run[:6]}", 404)["remedy"]
    assert run in api.get(f"/runs/{run[:-1]}x", 404)["remedy"]


def test_the_parts_of_a_run(api: Api) -> None:
    run = _run_of(api, "etl")["id"]
    assert {name: each["counts"] for name, each in api.get(f"/runs/{run}/steps")["steps"].items()} == {
        "extract": {"succeeded": 1},
        "load": {"succeeded": 1},
    }
    first = api.get(f"/runs/{run}/step-runs", limit=1)
    rest = api.get(f"/runs/{run}/step-runs", limit=1, cursor=first["next"])
    assert [each["step"] for each in first["items"] + rest["items"]] == ["etl:extract", "etl:load"]
    assert rest["next"] is None
    assert api.get(f"/runs/{run}/values", step="load")["returned"] == 42
    api.get(f"/runs/{run}/values", 404, step="lod")
    assert [each["key"] for each in api.get(f"/runs/{run}/artifacts")["items"]] == ["report"]
    assert api.get(f"/runs/{run}/detail")["run"]["id"] == run


def test_a_rerun_is_a_new_run_linked_with_the_first(api: Api) -> None:
    run = _run_of(api, "etl")["id"]
    made = api.post(f"/runs/{run}/rerun", {"from_step": "load"}, 201)
    assert made["rerun_of"] == run
    api.post(f"/runs/{run}/rerun", {"from_step": "lod"}, 422)
    moved = api.client.put(f"/api/v1/runs/{made['id']}/priority", json={"priority": 7}).json()
    assert moved["priority"] == 7
    assert api.get("/queue")["items"][0]["run"] == made["id"]
    api.post(f"/runs/{made['id']}/cancel")


# --- logs ---


def test_a_log_is_read_searched_and_downloaded_by_its_id(api: Api) -> None:
    run = next(each["id"] for each in api.get("/runs")["items"] if each["selection"] == "+total or broken")
    attempts = api.get(f"/runs/{run}/logs")["items"]
    log = next(each["log"] for each in attempts if each["step"] == "numbers")
    text = api.get(f"/runs/{run}/logs/{log}")
    assert [each["text"] for each in text["lines"]] == ["one line", "another line"]
    found = api.get(f"/runs/{run}/logs/{log}", grep="another")
    assert [each["offset"] for each in found["lines"]] == [len("one line\n")]
    answer = api.client.get(f"/api/v1/runs/{run}/logs/{log}/text")
    assert answer.text == "one line\nanother line\n"
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")
    failed = api.get(f"/runs/{run}/logs", failed=True)["items"]
    assert [(each["step"], each["outcome"]) for each in failed] == [("broken", "failed")]
    assert "no luck" in failed[0]["error"]
    other = _run_of(api, "etl")["id"]
    api.get(f"/runs/{other}/logs/{log}", 404)  # of another run


@pytest.mark.parametrize("file", ["../weft.toml", "/etc/passwd", "linked/x.log", "link.log", "", "a/../../x"])
def test_no_log_leads_out_of_the_folder_of_logs(server: servers.Server, api: Api, file: str) -> None:
    logs = server.home / "logs"
    (server.home / "secret.log").write_text("secret")
    for name, target in (("link.log", server.home / "secret.log"), ("linked", server.home)):
        if not (logs / name).is_symlink():
            (logs / name).symlink_to(target)
    ledger = sqlite.SqliteLedger(server.home / "ledger.db")
    made = ledger.append(
        [
            events.RunCreated(run="evil", execution="evil"),
            events.StepSucceeded(run="evil", step="s", log=events.LogSegment(file=file, start=0, end=100)),
        ]
    )
    ledger.close()
    assert "secret" not in str(api.get(f"/runs/evil/logs/{made + 1}", 404))
    api.get(f"/runs/evil/logs/{made + 1}/text", 404)


def test_the_output_of_a_run_is_followed_to_its_end(api: Api) -> None:
    run = next(each["id"] for each in api.get("/runs")["items"] if each["selection"] == "+total or broken")
    with api.client.stream("GET", f"/api/v1/runs/{run}/logs/stream") as answer:
        content = "".join(answer.iter_text())
    assert "one line\\nanother line" in content
    assert "event: end" in content


# --- assets ---


def test_assets_are_listed_by_page_and_selection(api: Api) -> None:
    keys: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = api.get("/assets", limit=2, **cursor)
        keys += [each["key"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert keys == ["broken", "by_day_and_place", "customers", "daily", "measured", "numbers", "total"]
    assert [each["key"] for each in api.get("/assets", select="status:failed")["items"]] == ["broken"]
    assert "quote" in api.get("/assets", 422, select='"')["detail"]
    api.get("/assets", 422, select="+total", **cursor)  # a cursor of another filter


def test_assets_are_filtered_ordered_and_counted(api: Api) -> None:
    assert [each["key"] for each in api.get("/assets", group="daily")["items"]] == ["daily"]
    assert [each["key"] for each in api.get("/assets", owner="team:a", status="fresh")["items"]] == ["numbers"]
    assert api.get("/assets", status=["failed", "blocked"], order="status")["items"][0]["key"] == "broken"
    pages = api.get("/assets", order="group", limit=5)
    pages["items"] += api.get("/assets", order="group", limit=5, cursor=pages["next"])["items"]
    groups = [each["group"] for each in pages["items"]]
    assert groups == sorted(groups)
    assert len(groups) == 7
    made = [each["last_success"] for each in api.get("/assets", order="made")["items"]]
    known = [each for each in made if each is not None]
    assert known == sorted(known, reverse=True)
    assert made == known + [None] * (len(made) - len(known))
    facets = api.get("/asset-facets", group="daily")
    assert facets["total"] == 1
    assert {each["value"]: each["count"] for each in facets["group"]} == {"default": 6, "daily": 1}
    assert facets["owner"] == []
    assert api.get("/asset-facets", group="gone")["group"][-1] == {"value": "gone", "count": 0}


def test_a_selection_is_completed_where_one_writes(api: Api) -> None:
    def texts(text: str, **at: int) -> list[str]:
        return [each["text"] for each in api.get("/selection/complete", text=text, **at)["items"]]

    assert texts("num") == ["numbers"]
    assert texts("group:")[0] in ("default", "daily")
    assert texts("group:dai") == ["daily"]
    assert texts("group:default|dai") == ["daily"]
    assert texts("owner:team:") == ["team:a"]
    assert texts("status:st") == ["stale"]
    assert texts("numbers ") == ["and ", "or "]
    assert "numbers" in texts("+n")
    assert "etl" in texts("et")
    middle = api.get("/selection/complete", text="+numb or total", at=3)
    assert (middle["start"], middle["end"], middle["items"][0]["text"]) == (1, 5, "numbers")
    valued = api.get("/selection/complete", text="group:default|dai")
    assert (valued["start"], valued["end"]) == (14, 17)


def test_an_asset_tells_why_it_is_not_fresh(api: Api) -> None:
    found = api.get("/assets/broken")
    assert found["status"] == "failed"
    assert "no luck" in found["causes"][0]["detail"]
    assert found["upstream"] == ["numbers"]
    assert "numbers" in api.get("/assets/numberz", 404)["remedy"]


def test_partitions_are_a_strip_and_a_list(api: Api) -> None:
    strip = api.get("/assets/daily/partitions")
    assert strip["segments"] == [[0, 9, "missing"], [9, 19, "fresh"], [19, 60, "missing"]]
    assert (strip["first_key"], strip["total"]) == ("2024-01-01", 60)
    page = api.get("/assets/daily/partition-keys", status="fresh", limit=4)
    assert [each["key"] for each in page["items"]][:2] == ["2024-01-10", "2024-01-11"]
    assert page["next"] == 13
    made = page["items"][0]
    assert made["run"]
    assert (made["version"], made["made_at"] is not None, made["failed_at"]) == (
        api.get("/assets/daily/versions", partitions="2024-01-10")["items"][0]["version"], True, None,
    )  # fmt: skip
    assert api.get("/assets/daily/partition-keys", start=59)["items"][0]["version"] is None
    one = api.get("/assets/daily/partition", partition="2024-01-10")
    assert (one["status"], len(one["versions"])) == ("fresh", 1)
    assert api.get("/assets/daily/partition", partition="2024-01-01")["causes"][0]["kind"] == "missing"
    api.get("/assets/daily/partition", 422, partition="2023-01-01")
    api.get("/assets/total/partitions", 422)


def test_what_is_selected_on_a_strip_becomes_keys_and_back(api: Api) -> None:
    path = "/assets/daily/partition-selection"
    drawn = api.get(path, pieces=["5-9", "30-30"])
    assert drawn["text"] == "2024-01-06..2024-01-10,2024-01-31"
    assert (drawn["ranges"], drawn["count"]) == ([[5, 10], [30, 31]], 6)
    assert drawn["counts"] == {"missing": 5, "fresh": 1}
    assert (drawn["starts_at"], drawn["ends_at"]) == ("2024-01-06T00:00:00.000000Z", "2024-02-01T00:00:00.000000Z")
    assert api.get(path, partitions=drawn["text"]) == drawn
    assert api.get(path, pieces="0-12", status="fresh")["text"] == "2024-01-10..2024-01-13"
    assert api.get(path, partitions="2024-01-01", pieces="2-3")["text"] == "2024-01-01,2024-01-03..2024-01-04"
    assert api.get(path, status="failed")["count"] == 0
    assert "no range" in api.get(path, 422, pieces="9-5")["detail"]
    assert "rectangle" in api.get(path, 422, pieces="0-1|0-1")["detail"]
    assert "another way" in api.get(path, 422, pieces="0-1", fingerprint="gone")["detail"]


def test_a_strip_can_be_looked_at_in_part(api: Api) -> None:
    part = api.get("/assets/daily/partitions", start=5, stop=12)
    assert part["segments"] == [[5, 9, "missing"], [9, 12, "fresh"]]
    assert (part["first_key"], part["last_key"], part["total"]) == ("2024-01-06", "2024-01-12", 7)
    assert part["marks"][:2] == [[5, "2024-01-06"], [6, "2024-01-07"]]
    assert len(api.get("/assets/daily/partitions")["marks"]) <= 12
    assert api.get("/assets/daily/partitions", start=1000)["total"] == 0


def test_two_dimensions_are_a_grid(api: Api) -> None:
    whole = api.get("/assets/by_day_and_place/partition-grid")
    assert (whole["columns"]["name"], whole["columns"]["total"], whole["columns"]["keys"][0]) == (
        "day", 60, "2024-01-01",
    )  # fmt: skip
    assert (whole["rows"]["name"], whole["rows"]["keys"]) == ("place", ["east", "north", "west"])
    assert whole["cells"] == [
        [[0, 59, "missing"]],
        [[0, 1, "missing"], [2, 3, "fresh"], [4, 59, "missing"]],
        [[0, 59, "missing"]],
    ]
    part = api.get(
        "/assets/by_day_and_place/partition-grid", first_column=2, columns_end=10, most_columns=4, first_row=1
    )
    assert part["columns"]["size"] == 2
    assert part["cells"] == [[[0, 0, "fresh"], [1, 3, "missing"]], [[0, 3, "missing"]]]
    drawn = api.get("/assets/by_day_and_place/partition-selection", pieces="2-3|1-1")
    assert (drawn["text"], drawn["counts"]) == ("north|2024-01-03..2024-01-04", {"fresh": 2})
    assert "one dimension" in api.get("/assets/daily/partition-grid", 422)["detail"]


def test_the_source_of_a_definition_is_told_by_version(api: Api) -> None:
    found = api.get("/definitions/asset:total/source")
    assert found["items"][0]["name"].endswith(".total")
    assert "return sum(numbers)" in found["items"][0]["text"]
    assert api.get("/definitions/asset:total/source", version=found["version"]) == found
    api.get("/definitions/asset:totale/source", 404)


def test_the_numbers_of_an_asset_are_told_over_time(api: Api) -> None:
    first = api.get("/assets/measured/history", limit=2)
    assert [(each["partition"], each["numbers"]) for each in first["items"]] == [
        ("2024-01-03", {"rows": 3, "share": -0.5}),
        ("2024-01-02", {"rows": 2, "share": -0.5}),
    ]
    rest = api.get("/assets/measured/history", limit=2, cursor=first["next"])
    assert [each["partition"] for each in rest["items"]] == ["2024-01-01"]
    assert rest["next"] is None
    assert len(api.get("/assets/measured/history", partitions="2024-01-02")["items"]) == 1


def test_an_etag_saves_what_has_not_changed(api: Api) -> None:
    first = api.client.get("/api/v1/assets/daily/partitions")
    again = api.client.get("/api/v1/assets/daily/partitions", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert not again.content


def test_people_decide_about_assets(api: Api) -> None:
    assert api.post("/assets/broken/accept", {"reason": "known"}, 422)["remedy"]  # it has no data to be accepted
    assert "version" in api.post("/assets/total/rollback", {"to": "v1"}, 422)["detail"]
    assert api.post("/partitions/customers/keys", {"keys": ["acme", "umbrella"]})["keys"] == ["acme", "umbrella"]
    assert api.get("/assets/customers/partitions")["total"] == 2
    assert api.post("/partitions/customers/keys/remove", {"keys": ["acme"]})["keys"] == ["umbrella"]
    api.post("/partitions/nobody/keys", {"keys": ["x"]}, 404)


def test_lineage_is_grown_from_a_selection(api: Api) -> None:
    shown = api.get("/lineage", select="total", up=1)
    assert {each["id"] for each in shown["nodes"]} == {"asset:numbers", "asset:total"}
    assert [(each["from"], each["to"]) for each in shown["edges"]] == [("asset:numbers", "asset:total")]
    ranks = {each["name"]: each["rank"] for each in shown["nodes"]}
    assert ranks["numbers"] < ranks["total"]
    assert next(each for each in shown["nodes"] if each["name"] == "numbers")["has_more"]  # broken reads it too


# --- plans and executions ---


def test_a_plan_is_kept_applied_once_and_carried_out_by_the_scheduler(api: Api) -> None:
    plan = api.post("/plans", {"select": "daily", "partitions": "2024-01-01..2024-01-05"}, 201)
    assert plan["steps"] == 5
    assert api.get(f"/plans/{plan['id']}")["drifted"] == []
    assert plan["id"] in {each["id"] for each in api.get("/plans")["items"]}
    headers = {"idempotency-key": "once"}
    made = [api.client.post(f"/api/v1/plans/{plan['id']}/apply", json={}, headers=headers) for _ in range(2)]
    assert [each.status_code for each in made] == [201, 201]
    execution = made[0].json()["id"]
    assert made[1].json()["id"] == execution
    assert api.get(f"/executions/{execution}")["total"] == 5
    assert {each["execution"] for each in api.get("/runs", execution=execution)["items"]} == {execution}
    assert api.post(f"/executions/{execution}/pause")["phase"] == "suspended"
    assert api.client.patch(f"/api/v1/executions/{execution}", json={"priority": 3}).json()["priority"] == 3
    assert api.post(f"/executions/{execution}/resume")["phase"] == "running"
    assert api.post(f"/executions/{execution}/cancel")["outcome"] == "cancelled"
    api.post(f"/executions/{execution}/cancel", status=409)


def test_a_backfill_of_intervals_is_an_execution(api: Api) -> None:
    made = api.post(
        "/pipelines/etl/backfills", {"partitions": "2024-01-01..2024-01-04", "concurrency": 2, "params": {"x": 5}}, 201
    )
    assert made["total"] == 4
    assert len(api.get("/runs", execution=made["id"])["items"]) == 2
    api.post(f"/executions/{made['id']}/cancel")


# --- pipelines and automations ---


def test_a_pipeline_its_graph_grid_and_versions(api: Api) -> None:
    assert {each["name"] for each in api.get("/pipelines")["items"]} == {"etl"}
    assert api.get("/pipelines/etl")["params"]["x"]["default"] == 1
    graph = api.get("/pipelines/etl/graph")
    assert [(each["from"], each["to"], each["value"]) for each in graph["edges"]] == [("extract", "load", True)]
    grid = api.get("/pipelines/etl/grid")
    assert grid["steps"] == ["extract", "load"]
    assert any("load" in each["cells"] for each in grid["items"])
    assert api.get("/pipelines/etl/versions")["items"][0]["current"]
    assert "one version" in api.get("/pipelines/etl/diff", 422)["detail"]
    assert api.get("/definitions", kind="pipeline")["items"][0]["name"] == "etl"


def test_keys_are_found_by_a_part_of_them_in_either_case(api: Api) -> None:
    def keys(path: str, text: str) -> list[str]:
        return [each["key"] for each in api.get(path, q=text, limit=3)["items"]]

    assert keys("/assets/daily/partition-keys", "02-1") == ["2024-02-10", "2024-02-11", "2024-02-12"]
    places = "/assets/by_day_and_place/partition-keys"
    assert keys(places, "NORTH") == keys(places, "north")
    assert [each.count("north") for each in keys(places, "north")] == [1, 1, 1]
    assert keys("/pipelines/etl/partition-keys", "-09") == ["2024-01-09"]
    assert keys("/assets/daily/partition-keys", "2031") == []


def test_the_intervals_of_a_pipeline_stand_as_their_last_run_ended(api: Api) -> None:
    strip = api.get("/pipelines/etl/partitions")
    assert (strip["total"], strip["first_key"], strip["last_key"]) == (9, "2024-01-01", "2024-01-09")
    assert [4, 5, "fresh"] in strip["segments"]
    keys = api.get("/pipelines/etl/partition-keys", start=4, limit=1)["items"]
    assert [(each["key"], each["status"]) for each in keys] == [("2024-01-05", "fresh")]
    assert api.get("/pipelines/etl/partitions", partitions="2024-01-05")["total"] == 1
    api.get("/pipelines/etl/partitions", 422, partitions="2031-01-01")
    api.get("/pipelines/elt/partitions", 404)


def test_pipelines_are_found_by_a_part_of_the_name_and_by_owner(api: Api) -> None:
    assert [each["name"] for each in api.get("/pipelines", q="TL")["items"]] == ["etl"]
    assert api.get("/pipelines", q="no such")["items"] == []
    assert api.get("/pipelines", owner="team:a")["items"] == []


def test_the_source_of_a_pipeline_is_read(api: Api) -> None:
    texts = {each["name"].rpartition(".")[2]: each["text"] for each in api.get("/pipelines/etl/source")["items"]}
    assert "return n + 1" in texts["load"]
    assert "0 versions" in api.get("/pipelines/etl/source", 422, version="zzzz")["detail"].replace("no ", "0 ")


def test_a_schedule_is_paused_and_resumed(api: Api) -> None:
    assert [each["id"] for each in api.get("/automations", kind="schedule")["items"]] == ["schedule:etl"]
    paused = api.post("/automations/schedule:etl/pause", {"reason": "holidays"})
    assert (paused["paused"], paused["pause_reason"], paused["paused_by"]) == (True, "holidays", "me")
    assert not api.post("/automations/schedule:etl/resume")["paused"]
    assert api.get("/automations/schedule:etl/decisions") == {"items": [], "next": None}
    api.get("/automations/schedule:elt", 404)


# --- the rest ---


def test_markdown_is_served_without_what_it_would_run(api: Api) -> None:
    artifact = api.get("/artifacts", key="report")["items"][0]
    answer = api.client.get(f"/api/v1/artifacts/{artifact['id']}/content")
    assert "<h1>report" in answer.text
    assert "<script" not in answer.text
    assert 'href="javascript' not in answer.text
    assert "sandbox" in answer.headers["content-security-policy"]


def test_what_is_going_on_is_told_by_root_cause(api: Api) -> None:
    now = api.get("/now")
    (trouble,) = [each for each in now["troubles"] if each["kind"] == "failed"]
    assert (trouble["id"], trouble["root"]["key"]) == ("failed:broken", "broken")
    error = trouble["error"]
    assert (error["type"], error["message"], error["file"]) == ("ValueError", "no luck", "shop.py")
    assert (error["function"], error["line"]) == ("broken", 19)
    assert trouble["repair"] == {
        "select": 'key:"broken"', "partitions": None, "assets": 1, "steps": 1, "seconds": None, "rerun": None,
    }  # fmt: skip
    assert now["counts"]["broken"] == 1
    assert now["counts"]["assets"]["fresh"] >= 2
    assert now["totals"]["troubles"] == len(now["troubles"])


def test_the_log_of_a_failure_ends_with_its_error_where_now_and_the_search_point_to(api: Api) -> None:
    (trouble,) = [each for each in api.get("/now")["troubles"] if each["id"] == "failed:broken"]
    lines = api.get(f"/runs/{trouble['run']}/logs/{trouble['log']}")["lines"]
    assert lines[trouble["line"] - 1]["text"].endswith("ERROR weft: ValueError: no luck")
    assert lines[-1]["text"] == "ValueError: no luck"
    for words in ("no luck", "failed", "broken", "error brok"):
        found = [each for each in api.get("/search", q=words)["items"] if each["kind"] == "failure"]
        assert (found[0]["name"], found[0]["detail"]) == ("ValueError: no luck", "broken"), words
        assert (found[0]["run"], found[0]["log"], found[0]["line"]) == (
            trouble["run"], trouble["log"], trouble["line"],
        )  # fmt: skip
    assert not [each for each in api.get("/search", q="failed total")["items"] if each["kind"] == "failure"]


def test_a_trouble_is_planned_by_its_id(api: Api) -> None:
    steps = api.post("/plans/preview", {"repair": "failed:broken"}, 200)["steps"]
    assert [(each["asset"], each["status"]) for each in steps] == [("broken", "failed")]
    every = api.post("/plans/preview", {"repair": "all"}, 200)["steps"]
    assert ("broken", "failed") in [(each["asset"], each["status"]) for each in every]
    assert "no trouble" in api.post("/plans/preview", {"repair": "failed:total"}, 404)["detail"]
    refused = api.post("/plans/preview", {"repair": "failed:broken", "select": "total"}, 422)
    assert refused["detail"] == "repair says what is to be made, and so does select."


def test_partitions_are_planned_by_asset(api: Api) -> None:
    asked = {"select": "daily or broken", "partitions": "daily[2024-01-20..2024-01-21]; broken[]"}
    steps = api.post("/plans/preview", asked, 200)["steps"]
    assert {each["asset"]: each["partitions"] for each in steps} == {
        "daily": ["2024-01-20", "2024-01-21"], "broken": None,
    }  # fmt: skip


def test_the_cloth_has_a_thread_for_each_asset_and_pipeline(api: Api) -> None:
    asked = {"since": "2024-01-01T00:00:00Z", "until": "2024-01-31T00:00:00Z", "columns": 30}
    cloth = api.get("/cloth", **asked)
    rows = {each["key"]: each for each in cloth["items"]}
    assert rows["daily"]["cells"] == [[9, 18, "fresh", 10]]
    assert rows["etl"]["cells"][0] == [4, 4, "fresh", 1]
    assert cloth["rows"] == len(rows)
    assert (cloth["columns"], cloth["column_seconds"], cloth["grain"]) == (30, 86400.0, "day")
    names = list(rows)
    assert names.index("numbers") < names.index("total")
    pages = api.get("/cloth", limit=2, **asked)
    after = api.get("/cloth", limit=500, cursor=pages["next"], **asked)
    assert [each["key"] for each in pages["items"] + after["items"]] == names
    (daily,) = api.get("/cloth", select="daily")["items"]
    assert sum(count for _, _, state, count in daily["cells"] if state == "fresh") == 10
    (broken,) = api.get("/cloth", select="broken", since="2020-01-01T00:00:00Z", until="2100-01-01T00:00:00Z")["items"]
    assert broken["cells"][-1][2] == "failed"
    assert broken["trouble"] is not None
    assert "not after" in api.get("/cloth", 422, since="2024-02-01T00:00:00Z", until="2024-01-01T00:00:00Z")["detail"]


def test_a_long_partition_is_a_stitch_with_its_own_times(api: Api) -> None:
    (row,) = api.get("/cloth", select="daily", since="2024-01-18T00:00:00Z", until="2024-01-20T00:00:00Z", columns=48)[
        "items"
    ]
    day = 86_400_000
    begin = 1_705_536_000_000
    assert row["stitches"] == [[begin, begin + day, "fresh", 1], [begin + day, begin + 2 * day, "fresh", 1]]
    assert row["cells"] == [[0, 47, "fresh", 2]]


def test_a_piece_of_a_thread_says_what_is_in_it_and_how_to_plan_it(api: Api) -> None:
    piece = api.get("/cloth/stitch", key="daily", since="2024-01-18T00:00:00Z", until="2024-01-20T00:00:00Z")
    assert (piece["state"], piece["count"], piece["partitions"]) == ("fresh", 2, "2024-01-18..2024-01-19")
    assert api.get(f"/runs/{piece['run']}")["phase"] == "finished"
    again = {"select": piece["select"], "partitions": piece["partitions"], "exact": True}
    assert api.post("/plans/preview", again, 200)["steps"][0]["partitions"] == ["2024-01-18", "2024-01-19"]
    api.get("/cloth/stitch", 404, key="nothing", since="2024-01-18T00:00:00Z", until="2024-01-20T00:00:00Z")


def test_anything_is_found_by_its_name(api: Api) -> None:
    assert [each["id"] for each in api.get("/search", q="tot")["items"]][:1] == ["asset:total"]
    run = _run_of(api, "etl")["id"]
    assert [each["id"] for each in api.get("/search", q=run[:8])["items"]] == [f"run:{run}"]


def test_metrics_are_prometheus_text(api: Api) -> None:
    api.post("/pipelines/etl/runs", {"partition": "2024-01-09"}, 201)
    answer = api.client.get("/api/v1/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'weft_runs_live{phase="created",pool="default"}' in answer.text
    assert 'weft_http_request_seconds_count{method="POST",route="/pipelines/{name}/runs",status="201"}' in answer.text


def test_events_are_followed_from_where_a_client_left_off(server: servers.Server, api: Api) -> None:
    last = api.get("/health")["position"]
    made = api.post("/pipelines/etl/runs", {"partition": "2024-01-08"}, 201)
    headers = {"last-event-id": str(last)}
    with api.client.stream("GET", "/api/v1/events?types=RunCreated", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = ""
        for chunk in answer.iter_text():
            text += chunk
            if made["id"] in text:
                break
    assert "event: RunCreated" in text
    assert "RunCreated" in api.get("/events", 422, types="RunCreate")["remedy"]
    api.get("/events", 422, after=10**9)
    assert api.client.get("/api/v1/events", headers={"authorization": "Bearer no"}).status_code == 401


def test_an_event_of_the_log_is_read_whole(api: Api) -> None:
    page = api.get("/ledger/events", types="RunCreated", limit=1)
    assert page["items"][0]["type"] == "RunCreated"
    assert api.get(f"/ledger/events/{page['items'][0]['position']}")["body"]["type"] == "RunCreated"
    api.get("/ledger/events/0", 404)
    api.get("/ledger/events/x", 404)


def test_readiness_says_what_is_missing(api: Api) -> None:
    told = api.get("/ready", 503)["detail"]
    assert "worker" in told
    assert "scheduler" in told


def test_what_is_selected_of_a_pipeline_s_intervals_is_text_and_back(api: Api) -> None:
    strip = api.get("/pipelines/etl/partitions")
    drawn = api.get("/pipelines/etl/partition-selection", pieces=["2-4"], fingerprint=strip["fingerprint"])
    assert (drawn["text"], drawn["count"], drawn["ranges"]) == ("2024-01-03..2024-01-05", 3, [[2, 5]])
    assert drawn["counts"]["fresh"] == 1  # one of them has run
    again = api.get("/pipelines/etl/partition-selection", partitions=drawn["text"])
    assert again == drawn
    part = api.get("/pipelines/etl/partitions", start=2, stop=5)
    assert (part["start"], part["stop"], part["total"]) == (2, 5, 3)
    refused = api.get("/pipelines/etl/partition-selection", 422, pieces=["2-4"], fingerprint="another")
    assert "Look at them again" in str(refused)
    api.get("/pipelines/nobody/partition-selection", 404, pieces=["2-4"])


def test_a_cause_that_is_a_failure_says_where_in_its_log_the_error_is(api: Api) -> None:
    cause = next(each for each in api.get("/assets/broken")["causes"] if each["kind"] == "failed")
    assert cause["step"] == "broken"
    lines = api.get(f"/runs/{cause['run']}/logs/{cause['log']}")["lines"]
    assert "no luck" in str(lines[cause["line"] - 1 :])
    assert cause in api.get("/assets/broken/partition")["causes"]
