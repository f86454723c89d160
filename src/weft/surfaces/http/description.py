"""The description of the API, made from the table once and kept as bytes."""

from __future__ import annotations

import functools

import msgspec

import weft
from weft.surfaces.http import call as calls
from weft.surfaces.http import openapi, routing, table
from weft.surfaces.http.call import Call, Raw

routes = routing.Routes(tag="description")


@functools.lru_cache(maxsize=4)
def content(base: str = "") -> bytes:
    """The OpenAPI document as JSON, for a server that is reached under the path `base`."""
    return msgspec.json.encode(openapi.document(table.table(), weft.__version__, base=base))


@functools.lru_cache(maxsize=4)
def _etag(base: str) -> str:
    return calls.etag_of(content(base))


@routes.get("/openapi.json", scope="description.read", raw=("application/json",), summary="Describe the API")
def describe(call: Call) -> Raw:
    """This document: OpenAPI 3.1."""
    return Raw(content(call.base), "application/json", inline=True, etag=_etag(call.base))
