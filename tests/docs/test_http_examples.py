"""The examples of the page on the HTTP API are what a server answers: they are run against one, in order."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "http-api.md"
ADDRESS = "http://127.0.0.1:8321"
_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_DEFINITIONS = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_VARIABLE = re.compile(r"(?P<rest>…)|(?P<id>\b(?=[a-f]*\d)[0-9a-f]{12}\b)|(?P<number>\d+)|(?P<space>\s+)")
_PATTERNS = {"rest": r".*?", "id": r"[0-9a-f]{12}", "number": r"\d+", "space": r"\s+"}


@dataclass(frozen=True)
class Example:
    """A command of the page, and what the page says that it prints: `…` stands for anything."""

    command: str
    shown: str

    def pattern(self) -> re.Pattern[str]:
        """What its output must be like: other ids and numbers are no difference, other words are."""
        parts, end = [], 0
        for found in _VARIABLE.finditer(self.shown):
            parts += [re.escape(self.shown[end : found.start()]), _PATTERNS[found.lastgroup or ""]]
            end = found.end()
        return re.compile("".join([*parts, re.escape(self.shown[end:])]), re.DOTALL)


def examples() -> list[Example]:
    """The commands of all console blocks, in order."""
    return [
        Example(command, shown.strip())
        for block in _CONSOLE.findall(PAGE.read_text())
        for command, _, shown in (each.partition("\n") for each in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:])
    ]


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """A server over the page's definitions, until the end of the block."""
    found = _DEFINITIONS.search(PAGE.read_text())
    assert found is not None
    (folder / "pipelines.py").write_text(found[1])
    (folder / "weft.toml").write_text('definitions = "pipelines.py"\n')
    process = subprocess.Popen(
        [sys.executable, "-m", "weft", "dev", "--port", "0"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        ready = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert ready is not None
        yield ready[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each of the commands printed; one shell runs them all, as a reader would."""
    folder = tmp_path_factory.mktemp("http-api")
    with served(folder) as url:
        loaded = "until weft definitions | grep -q nightly; do sleep 0.05; done\n"
        script = "set -euo pipefail\n" + loaded.replace("weft", f"{sys.executable} -m weft")
        for example in examples():
            script += f"{example.command.replace(ADDRESS, url)}\nprintf '\\n<<<end>>>\\n'\n"
        done = subprocess.run(
            ["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=200, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return [each.strip() for each in done.stdout.split("<<<end>>>\n")]


@pytest.mark.parametrize("place", range(len(examples())), ids=lambda place: examples()[place].command[:60])
def test_an_example_prints_what_the_page_shows(place: int, printed: list[str]) -> None:
    example = examples()[place]
    assert example.pattern().fullmatch(printed[place]), f"{example.command}\n{printed[place]}\n\n{example.shown}"
