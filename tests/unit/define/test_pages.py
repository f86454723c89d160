"""The pages about authoring: their examples run, and they name every diagnostic."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
SOURCE = Path(__file__).parents[3] / "src" / "weft" / "define"
PAGES = ("assets.md", "selection.md", "resources-and-config.md")
EXAMPLES = [
    pytest.param(block, id=f"{page}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.S))
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs_and_what_it_defines_builds(example: str, build_of, tmp_path: Path) -> None:
    namespace: dict[str, object] = {"__name__": "example"}
    exec(compile(example, str(tmp_path / "example.py"), "exec"), namespace)
    if "job(" not in example:  # its selection is of assets that are not in the example
        build_of(**{name: value for name, value in namespace.items() if not name.startswith("__")})


def test_every_diagnostic_is_on_the_page() -> None:
    codes = {
        code
        for file in SOURCE.rglob("*.py")
        for code in re.findall(r'"((?:[a-z]+-)+[a-z]+)"', file.read_text(encoding="utf-8"))
        if file.stem not in ("sources", "resources", "config", "artifacts", "params")
    }
    page = (DOCS / "assets.md").read_text(encoding="utf-8")
    assert len(codes) > 20
    assert {code for code in codes if f"`{code}`" not in page} == set()
