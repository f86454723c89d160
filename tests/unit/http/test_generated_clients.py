"""The OpenAPI is one that clients can be generated from: names that make sense, and nothing that generators refuse."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from weft.surfaces.http import openapi, openapi_names, routing, table

DOCUMENT = openapi.document(table.table(), "1")
OPERATIONS = {
    f"{method.upper()} {path.removeprefix('/api/v1')}": operation["operationId"]
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def test_an_operation_is_named_by_what_it_does():
    expected = {
        "GET /runs": "list_runs",
        "GET /runs/{id}": "get_run",
        "POST /runs/{id}/cancel": "cancel_run",
        "POST /pipelines/{name}/runs": "create_pipeline_run",
        "POST /plans/{id}/apply": "apply_plan",
        "DELETE /tokens/{id}": "delete_token",
        "PUT /runs/{id}/priority": "update_run_priority",
        "GET /health": "get_health",
    }
    assert {route: OPERATIONS[route] for route in expected} == expected


def test_no_two_operations_have_one_name_and_each_can_be_a_function():
    assert [name for name, count in Counter(OPERATIONS.values()).items() if count > 1] == []
    assert [name for name in OPERATIONS.values() if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


def test_two_routes_of_one_name_are_refused():
    routes = routing.Routes(tag="twins")

    @routes.get("/twins", scope="twins.read", answer=dict[str, str], summary="Look")
    def twins(call):
        return {}

    with pytest.raises(ValueError, match="get_twins"):
        openapi_names.operation_ids([*routes.all, *routes.all])


def test_each_schema_can_be_a_class_and_its_title_is_its_name():
    schemas = DOCUMENT["components"]["schemas"]
    assert [name for name in schemas if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name)] == []
    assert [name for name, schema in schemas.items() if schema.get("title", name) != name] == []


def test_references_lead_somewhere_and_no_tuple_forbids_more_items():
    text = json.dumps(DOCUMENT)
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert referred <= DOCUMENT["components"]["schemas"].keys()
    assert '"prefixItems"' not in text
    assert '"*/*"' not in text
