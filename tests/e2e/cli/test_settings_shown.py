"""`weft settings`: what holds and what says so, of the project here and of a server."""

from __future__ import annotations

import json

import pytest
from tests.integration.http import servers

from weft.service.server import setting_views


@pytest.fixture
def chain(chain):
    (chain.folder / "weft.toml").write_text(
        'definitions = "defs.py"\njobs = 2\nstorage = "s3://me:secret-word@bucket/x"\n[pools]\npress = 3\n'
    )
    return chain


def test_each_setting_is_shown_with_where_it_comes_from(chain, monkeypatch):
    monkeypatch.delenv("WEFT_HOME", raising=False)
    out = chain.ok("settings").out
    rows = {line.split()[0]: line.split() for line in out.splitlines()[1:]}
    assert rows["jobs"] == ["jobs", "weft.toml", "2"]
    assert rows["keep_runs"] == ["keep_runs", "default", "50"]
    assert rows["pools.press"] == ["pools.press", "weft.toml", "3"]
    assert "secret-word" not in out
    found = {each["name"]: each for each in chain.ok("settings", "--json").json}
    assert found["jobs"].keys() == set(setting_views.SettingView.__struct_fields__)
    assert (found["definitions"]["value"], found["definitions"]["source"]) == ("defs.py", "file")


def test_a_variable_and_the_command_line_go_before_the_file(chain, monkeypatch, tmp_path):
    monkeypatch.setenv("WEFT_HOME", str(tmp_path / "elsewhere"))
    found = {each["name"]: each for each in chain.ok("-f", "defs.py", "settings", "--json").json}
    assert (found["home"]["source"], found["home"]["where"]) == ("environment", "WEFT_HOME")
    assert (found["definitions"]["source"], found["definitions"]["where"]) == ("flag", "-f")


def test_a_server_tells_its_own_and_what_its_next_start_brings(tmp_path, chain, monkeypatch):
    monkeypatch.delenv("WEFT_HOME", raising=False)
    with servers.running(tmp_path / "served", settings="jobs = 7\n[server]\nhosts = ['one.example']\n") as server:
        monkeypatch.setenv("WEFT_TOKEN", server.token)
        found = {each["name"]: each for each in chain.ok("--server", server.url, "settings", "--json").json}
        assert (found["jobs"]["value"], found["jobs"]["source"]) == (7, "file")
        server.serving.settings = {"jobs": 8, "server": {"hosts": ["two.example"]}}
        out = chain.ok("--server", server.url, "settings").out
        with server.client() as client:
            answer = client.get("/api/v1/settings").json()
    [hosts] = [line for line in out.splitlines() if line.startswith("server.hosts")]
    assert "one.example" in hosts
    assert "two.example from the next start on" in " ".join(out.split())
    told = {each["name"]: each for each in answer["items"]}
    assert (told["jobs"]["value"], told["jobs"]["pending"]) == (8, False)
    assert (told["server.hosts"]["pending"], told["server.hosts"]["next"]) == (True, ["two.example"])
    assert json.dumps(answer).count("two.example") == 1
