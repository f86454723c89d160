"""The table `[server]`: what may stand in it, and that all that is wrong with one is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from weft.codehost import project, server_settings
from weft.model import errors


def test_a_table_as_documented_is_right() -> None:
    table = {"host": "0.0.0.0", "port": 0, "hosts": ["a.example"], "behind_proxy": True, "certificate": "c", "key": "k"}
    assert server_settings.problem(table) is None


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"prot": 1}, "did you mean 'port'?"),
        ({"port": 70000}, "server.port is 70000"),
        ({"port": True}, "server.port is True"),
        ({"hosts": "a"}, "a list of names"),
        ({"hosts": [1]}, "a list of names"),
        ({"behind_proxy": "yes"}, "true or false"),
        ({"key": "k"}, "belong together"),
    ],
)
def test_what_is_wrong_is_named_with_its_value(table: dict[str, object], told: str) -> None:
    assert told in (server_settings.problem(table) or "")


def test_all_problems_are_told_at_once_as_the_project_is_read(tmp_path: Path) -> None:
    (tmp_path / "weft.toml").write_text('definitions = "x"\n[server]\nport = "a"\nhots = []\n')
    with pytest.raises(errors.UsageError) as refused:
        project.find_project(tmp_path)
    assert "server.port" in str(refused.value)
    assert "did you mean 'host" in str(refused.value)
