"""The commands that the pages show exist, with the options that they are shown with."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from weft.surfaces.cli import program

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (?:[A-Z_]+=\S+ )*(weft(?: .*)?)$", re.MULTILINE)
_META = frozenset({"|", ">", ">>", "<", "&&", "||", ";", "&"})


def commands(page: Path) -> list[list[str]]:
    """What is given to `weft` in the console blocks of a page."""
    found = []
    for block in _CONSOLE.findall(page.read_text()):
        for line in _COMMAND.findall(block):
            words = shlex.split(line, comments=True)[1:]
            end = next((place for place, word in enumerate(words) if word in _META), len(words))
            found.append(words[:end])
    return found


def parse(command: click.Command, words: list[str]) -> None:
    """Go down the commands that the words name; nothing is run.

    Raises:
        UsageError: there is no such command or option, or an option lacks its value.
    """
    context = click.Context(command)
    _, rest, _ = command.make_parser(context).parse_args(list(words))
    if isinstance(command, click.Group) and rest:
        below = command.get_command(context, rest[0])
        if below is None:
            raise click.UsageError(f"There is no command {rest[0]!r}.")
        parse(below, rest[1:])


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.stem)
def test_the_commands_of_a_page_exist(page: Path) -> None:
    wrong = []
    for words in commands(page):
        try:
            parse(program.program, words)
        except click.UsageError as error:
            wrong.append(f"weft {shlex.join(words)}: {error.format_message()}")
    assert wrong == []


def test_an_option_that_is_not_there_is_found() -> None:
    with pytest.raises(click.NoSuchOption):
        parse(program.program, ["executions", "pause", "3f2a", "--gently"])
