"""What the API says of itself holds: random requests, valid and invalid, against a real server with a real project.

A request that its schema allows may still be refused for what it means (a selection that is none, a partition that is
not there): that is 422 under a code of its own. What is refused as "invalid" is against the schema, and then the schema
must have said so.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode
from tests.integration.http import servers

from weft import wiring
from weft.service.server import locations
from weft.surfaces.http import description

pytestmark = pytest.mark.filterwarnings("ignore")

DEFINITIONS = """
from datetime import datetime
from weft import *

days = DailyPartitions(start_date="2024-01-01", end_date="2024-03-01")

@asset(owners=["team:a"], tags={"critical": "yes"})
def numbers() -> list:
    print("making numbers")
    return [1, 2, 3]

@asset
def total(numbers: list) -> int:
    return sum(numbers)

@asset(partitions=days, group="daily")
def daily(context) -> str:
    return context.partition_key

@asset(partitions=DynamicPartitions("customers"))
def customers(context) -> str:
    return context.partition_key

@asset_check(asset=numbers)
def some(numbers) -> bool:
    return len(numbers) > 0

@task
def extract(date: str) -> int:
    print("extracting", date)
    artifacts.markdown("# report", key="report")
    return 1

@task
def load(n: int) -> int:
    return n + 1

@dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 10), catchup=False, params={"x": 1})
def etl():
    load(extract("{{ ds }}"))

@flow
def adding(a: int = 1) -> int:
    return load(a)

nightly = job("nightly", selection="group:daily")
"""


class Place:
    """A server with a project that has run."""

    def __init__(self, server: servers.Server, ids: dict[str, str]) -> None:
        self.server = server
        self.ids = ids
        self.headers = {"authorization": f"Bearer {server.token}"}


def _weft(folder: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "weft", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("schemathesis")
    where = servers.project(folder, definitions=DEFINITIONS)
    _weft(folder, "apply", "+total", "--yes")
    _weft(folder, "run", "etl")
    world = wiring.open_world(where)
    locations.record_loaded(world, "main", source="shop.py", root=folder)
    runs = world.ledger.runs()
    world.ledger.close()
    with servers.running(folder) as server:
        yield Place(server, {row.pipeline or "": row.id for row in runs})


# streams never end by themselves; logging out ends the session of the test; a webhook takes bytes of any kind
_LEFT_OUT = r"(/events|/changes|/stream|/session|/deliveries)$"
schema = schemathesis.openapi.from_dict(msgspec.json.decode(description.content())).exclude(path_regex=_LEFT_OUT)
_NOT_USED = ("positive_data_acceptance", "not_a_server_error", "ignored_auth")
"""The first two are `_check_is_honest` here; who may do what is tried for every route in test_authorisation."""
_CHECKS = [each for each in CHECKS.get_all() if each.__name__ not in _NOT_USED]


def _check_is_honest(response: Any, case: Any) -> None:
    """No error of the server's own; and what the schema allows is not refused as against the schema."""
    if response.status_code >= 500:
        told = response.json()
        assert told["code"] in ("not-ready", "missing-extra"), told
    is_positive = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    if is_positive and response.status_code in (400, 422) and "json" in response.headers.get("content-type", [""])[0]:
        told = response.json()
        wrong = [each["problem"] for each in told.get("errors", [])]
        assert told["code"] != "invalid" or all(_is_number(each) for each in wrong), told


def _is_number(problem: str) -> bool:
    """JSON Schema takes 3.0 for an integer and knows no largest one; the API takes neither that nor 65 bits."""
    return ("int" in problem and "got `float`" in problem) or "64 bits" in problem


def _try(case: Any, place: Place) -> None:
    given = case.path_parameters or {}
    for name in ("id", "name", "key"):  # half of the time something that is there, so that handlers are reached
        if name in given and len(str(given[name])) % 2:
            case.path_parameters[name] = _known(case.path, name, place.ids)
    for where in (case.body, case.query):  # no worker is there to wait for
        if isinstance(where, dict) and isinstance(where.get("wait"), (int, float)) and 0 < where["wait"] <= 30:
            where["wait"] = 0
    response = case.call(base_url=place.server.url, headers=place.headers)
    case.validate_response(response, checks=_CHECKS, additional_checks=[])
    _check_is_honest(response, case)


def _known(path: str, name: str, ids: dict[str, str]) -> str:
    if path.startswith("/api/v1/runs/"):
        return ids["etl"]
    return {"assets": "numbers", "pipelines": "etl", "automations": "schedule:etl", "partitions": "customers",
            "locations": "main", "definitions": "pipeline:etl"}.get(path.split("/")[3], name)  # fmt: skip


_QUICK = settings(
    max_examples=2, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
_LONG = settings(_QUICK, max_examples=40, phases=[Phase.explicit, Phase.generate, Phase.shrink])


@schema.parametrize()
@_QUICK
def test_what_the_api_answers_is_what_it_says_of_itself(case: Any, place: Place) -> None:
    _try(case, place)


@pytest.mark.slow
@schema.parametrize()
@_LONG
def test_many_random_requests_find_nothing_that_the_api_does_not_say(case: Any, place: Place) -> None:
    _try(case, place)
