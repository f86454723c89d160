"""The reference pages are complete: a setting, a part of the API or a metric without a line in its page fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from weft.codehost import project, server_settings
from weft.surfaces.http import metrics, table

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))]
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_REQUEST = re.compile(r"`(GET|POST|PUT|PATCH|DELETE)\s+(?:/api/v1)?(/[^`\s?]+)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def test_every_setting_has_a_line_in_its_page() -> None:
    page = (DOCS / "settings.md").read_text()
    assert [name for name in sorted(project.SETTINGS) if name not in page] == []


def test_every_setting_of_a_server_has_a_line_in_its_page() -> None:
    page = (DOCS / "settings.md").read_text()
    told = server_settings.problem({"0": None}) or ""
    known = told.partition("known are ")[2].rstrip(".").split(", ")
    assert "port" in known
    assert [name for name in known if name not in page] == []


def test_every_part_of_the_api_is_named_in_its_page() -> None:
    page = (DOCS / "http-api.md").read_text()
    heads = {"/" + route.path.split("/")[1] for route in table.table().routes}
    assert [head for head in sorted(heads) if head not in page] == []


def test_every_request_that_a_page_names_is_one_of_the_api() -> None:
    known = [
        (
            route.method,
            re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.sub(r"\\\{\w+:path\\\}", ".+", re.escape(route.path)))),
        )
        for route in table.table().routes
    ]
    wrong = [
        f"{page.name}: {method} {path}"
        for page in PAGES
        for method, path in _REQUEST.findall(page.read_text())
        if not any(method == verb and pattern.fullmatch(path) for verb, pattern in known)
    ]
    assert wrong == []


def test_every_metric_that_is_counted_is_named_in_its_page() -> None:
    page = (DOCS / "http-api.md").read_text()
    names = {family.name for family in metrics.Metrics().registry.collect()}
    assert "weft_runs_finished" in names
    assert [name for name in sorted(names) if name not in page] == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found = set()
    for heading in _HEADING.findall(_FENCED.sub("", page.read_text())):
        kept = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower())
        found.add(kept.strip().replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_into_a_page_lead_to_one_of_its_headings(page: Path) -> None:
    wrong = []
    for name, anchor in _LINK.findall(_FENCED.sub("", page.read_text())):
        target = (page.parent / name).resolve() if name else page
        if target.suffix == ".md" and anchor not in anchors(target):
            wrong.append(f"{name}#{anchor}")
    assert wrong == []
