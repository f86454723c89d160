"""The documentation of the API as a page, rendered from the OpenAPI document."""

from __future__ import annotations

import functools
import html
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from weft.surfaces.http import description

_METHODS = ("get", "post", "put", "patch", "delete")


@functools.cache
def content() -> str:
    """The page's content as HTML."""
    document: dict[str, Any] = msgspec.json.decode(description.content())
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                by_tag.setdefault(operation["tags"][0], []).append(_operation(document, path, method, operation))
    told = {each["name"]: each.get("description", "") for each in document["tags"]}
    parts = [
        f"<h1>weft: the API</h1><p>{_text(document['info']['description'])}</p>"
        '<p><a href="api/v1/openapi.json">OpenAPI</a> · <a href="./">weft</a></p>'
    ]
    parts += [f"<h2>{_text(tag)}</h2><p>{_text(told.get(tag, ''))}</p>{''.join(by_tag[tag])}" for tag in sorted(by_tag)]
    parts.append(f"<h2>Types</h2>{''.join(_type(*each) for each in document['components']['schemas'].items())}")
    return "".join(parts)


def _text(text: object) -> str:
    return html.escape(str(text))


def _operation(document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]) -> str:
    described = "".join(f"<p>{_text(each)}</p>" for each in operation["description"].split("\n\n"))
    parameters = "".join(
        f"<dt>{_text(each['name'])} <span class=faint>{_text(each['in'])}"
        f"{', required' if each['required'] else ''}, {_text(_kind(each['schema']))}</span></dt>"
        f"<dd>{_text(each.get('description', ''))}</dd>"
        for each in operation.get("parameters", ())
    )
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    taken = f"<p>Body: <code>{_text(_kind(body['schema']))}</code></p>" if body else ""
    answers = "".join(
        f"<dt>{_text(status)}</dt><dd>{_text(each['description'])}"
        + "".join(f" <code>{_text(_kind(kind.get('schema', {})))}</code>" for kind in each.get("content", {}).values())
        + "</dd>"
        for status, each in operation["responses"].items()
        if status.startswith(("2", "3"))
    )
    return (
        f'<details><summary><span class="method">{method.upper()}</span><code>{_text(path)}</code> '
        f"{_text(operation['summary'])}</summary>{described}<dl>{parameters}</dl>{taken}<dl>{answers}</dl></details>"
    )


def _type(name: str, schema: Mapping[str, Any]) -> str:
    fields = "".join(
        f"<dt>{_text(field)} <span class=faint>{_text(_kind(each))}"
        f"{', required' if field in schema.get('required', ()) else ''}</span></dt><dd></dd>"
        for field, each in schema.get("properties", {}).items()
    )
    told = f"<p>{_text(schema.get('description', ''))}</p>"
    return f"<details><summary><code>{_text(name)}</code></summary>{told}<dl>{fields}</dl></details>"


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(json.dumps(each) for each in schema["enum"])
    kind = str(schema.get("type", "any"))
    if kind == "array" and isinstance(schema.get("items"), dict):
        return f"list of {_kind(schema['items'])}"
    return kind
