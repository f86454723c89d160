"""OpenAPI 3.1 from the table of routes: complete enough that clients can be generated from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from weft.surfaces.http import call as calls
from weft.surfaces.http import openapi_names, problems, routing

_REF = "#/components/schemas/{name}"
_COMMON = (400, 404, 413, 422, 429, 431, 500, 501, 503)
_CLOSED = (401, 403)
_UNSAFE = (403, 408, 409, 415)
_TAGS: Mapping[str, str] = {
    "session": "Logging in and out, and who one is.",
    "accounts": "People who may log in, and what they may do.",
    "tokens": "Tokens for programs.",
    "audit": "Who changed what.",
}


def document(table: routing.Table, version: str, *, base: str = "") -> dict[str, Any]:
    """The document, as JSON has it, of a server that is reached under the path `base`."""
    routes = table.routes
    schemas, components = _schemas(routes)
    names = openapi_names.operation_ids(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        at = paths.setdefault(calls.PREFIX + route.template, {})
        at[route.method.lower()] = _operation(route, names[route.method, route.path], schemas)
    tags = sorted({route.tag for route in routes})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "weft",
            "version": version,
            "description": (
                "Assets, pipelines, runs, plans and what asks for them. Times are RFC 3339 in UTC. Errors are "
                "`application/problem+json` (RFC 9457) with a stable `code`. Lists are paged by cursor."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base or "/"}],
        "tags": [{"name": tag} | ({"description": _TAGS[tag]} if tag in _TAGS else {}) for tag in tags],
        "security": [{"bearer": []}, {"cookie": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The text in `.weft/token`, or a token that `weft tokens create` made.",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "weft_session",
                    "description": "Given by `POST /api/v1/session`, for browsers; the name ends in the server's port.",
                },
            },
        },
    }


def _types(routes: Iterable[routing.Route]) -> list[Any]:
    found: list[Any] = [problems.Problem]
    for route in routes:
        found += [each for each in (route.body, route.answer) if each is not None and each is not bytes]
    unique: list[Any] = []
    for each in found:
        if each not in unique:
            unique.append(each)
    return unique


def _schemas(routes: Iterable[routing.Route]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of each type of the table, by its repr, and the components that they refer to."""
    types = _types(routes)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF, schema_hook=_any_value)
    plain, named = openapi_names.plain_schemas(list(schemas), components)
    return dict(zip(map(repr, types), plain, strict=True)), named


def _any_value(kind: type) -> dict[str, Any]:
    """The schema of a field that holds any JSON value."""
    if kind is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError(kind)


def _operation(route: routing.Route, name: str, schemas: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": name,
        "tags": [route.tag],
        "summary": route.summary,
        "description": _description(route),
        "responses": _responses(route, schemas),
        "x-weft-scope": route.scope,
        "x-weft-role": route.role,
    }
    if route.open:
        made["security"] = []
    parameters = _path_parameters(route) + _query_parameters(route) + _header_parameters(route)
    if parameters:
        made["parameters"] = parameters
    if route.body is bytes:
        made["requestBody"] = {
            "content": {
                "application/json": {"schema": {}},
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            }
        }
    elif route.body is not None:
        made["requestBody"] = {
            "required": any(each.required for each in msgspec.structs.fields(route.body)),
            "content": {"application/json": {"schema": schemas[repr(route.body)]}},
        }
    return made


def _description(route: routing.Route) -> str:
    asked = "Open to everybody." if route.open else f"Asks for the role `{route.role}` and the scope `{route.scope}`."
    return f"{route.description}\n\n{asked}".strip()


def _path_parameters(route: routing.Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in route.parameters
    ]


def _query_parameters(route: routing.Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    (_,), components = msgspec.json.schema_components([route.query], ref_template=_REF)
    properties = components[route.query.__name__]["properties"]
    found: list[dict[str, Any]] = []
    for each in msgspec.structs.fields(route.query):
        (schema,), _ = openapi_names.plain_schemas([dict(properties[each.encode_name])], {})
        made: dict[str, Any] = {"name": each.encode_name, "in": "query", "required": each.required, "schema": schema}
        if "description" in schema:
            made["description"] = schema.pop("description")
        found.append(made)
    return found


def _header_parameters(route: routing.Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if route.idempotent:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Sent again with the same key within 24 hours, the request gets the answer that it got.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
            }
        )
    if route.etag:
        found.append(
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "description": "The ETag that the client has: 304 if it is still the same.",
                "schema": {"type": "string"},
            }
        )
    return found


def _raw_schema(kind: str) -> dict[str, Any]:
    """The schema of content that is passed on as it is."""
    return {} if kind == "application/json" else {"type": "string", "format": "binary"}


def _responses(route: routing.Route, schemas: Mapping[str, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    if route.stream:
        good["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    elif route.raw:
        good["content"] = {kind: {"schema": _raw_schema(kind)} for kind in route.raw}
    elif route.answer is not None:
        good["content"] = {"application/json": {"schema": schemas[repr(route.answer)]}}
    headers: dict[str, Any] = {}
    if route.etag:
        headers["ETag"] = {"schema": {"type": "string"}, "description": "The version of what is answered."}
    if route.status == 201:
        headers["Location"] = {"schema": {"type": "string"}, "description": "Where what was created is found."}
    if headers:
        good["headers"] = headers
    found: dict[str, Any] = {str(route.status): good}
    if route.etag:
        found["304"] = {"description": "Not Modified"}
    statuses = {*_COMMON, *route.errors}
    if not route.open:
        statuses |= {*_CLOSED}
    if not route.safe:
        statuses |= {*_UNSAFE}
    if route.path == "/session":
        statuses |= {401}
    for status in sorted(statuses):
        found[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {problems.CONTENT_TYPE: {"schema": schemas[repr(problems.Problem)]}},
        }
    return found
