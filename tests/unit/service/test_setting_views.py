"""Where each setting comes from, and that none of them tells a secret."""

from __future__ import annotations

from pathlib import Path

from weft.codehost import project, server_settings
from weft.service.scheduling import loop
from weft.service.server import setting_views
from weft.surfaces.http import server

HOME = Path("/somewhere/.weft")


def told(settings, *, flags=None, environ=None, started=None, configuration="weft.toml"):
    origin = setting_views.Origin(
        configuration=Path(configuration) if configuration else None,
        definitions="shop.py",
        flags=flags or {},
        settings=settings if started is None else started,
    )
    found = setting_views.told(settings, origin, HOME, environ=environ or {})
    return {each.name: each for each in found}


def test_a_setting_that_nobody_gave_is_the_default():
    keep = told({})["keep_versions"]
    assert (keep.value, keep.default, keep.source, keep.where) == (3, 3, "default", "")


def test_the_file_goes_before_the_default_the_environment_and_the_command_line_before_the_file():
    given = {"jobs": 4, "server": {"port": 9000}}
    found = told(given, flags={"server.port": ("--port", 9001)}, environ={"WEFT_HOME": "/somewhere"})
    assert (found["jobs"].value, found["jobs"].source, found["jobs"].where) == (4, "file", "weft.toml")
    port = found["server.port"]
    assert (port.value, port.default, port.source, port.where, port.pending) == (9001, 8321, "flag", "--port", False)
    assert (found["home"].source, found["home"].where) == ("environment", "WEFT_HOME")
    assert told({})["home"].source == "default"


def test_definitions_come_from_the_file_or_from_the_command_line():
    assert (told({})["definitions"].value, told({})["definitions"].source) == ("shop.py", "file")
    given = told({}, flags={"definitions": ("-f", "other.py")})["definitions"]
    assert (given.value, given.source, given.where) == ("other.py", "flag", "-f")


def test_traces_go_where_the_variable_of_open_telemetry_says_unless_the_file_does():
    variable = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    found = told({}, environ=variable)["server.otel_endpoint"]
    assert (found.value, found.source) == ("http://127.0.0.1:4318", "environment")
    found = told({"server": {"otel_endpoint": "http://x"}}, environ=variable)["server.otel_endpoint"]
    assert (found.value, found.source) == ("http://x", "file")


def test_what_is_taken_up_at_the_start_tells_what_the_next_start_brings():
    found = told({"server": {"port": 9000}, "jobs": 2}, started={"server": {"port": 8000}, "jobs": 1})
    assert (found["server.port"].value, found["server.port"].pending, found["server.port"].next) == (8000, True, 9000)
    assert (found["jobs"].value, found["jobs"].pending) == (2, False)
    removed = told({}, started={"server": {"url": "https://weft.example"}})["server.url"]
    assert (removed.value, removed.pending, removed.next) == ("https://weft.example", True, None)


def test_tables_are_told_by_what_is_in_them_and_secrets_not_at_all():
    secret = "zV9-correct-horse"
    found = told(
        {
            "storage": f"s3://{secret}:{secret}@bucket/weft?token={secret}",
            "pools": {"warehouse": 3},
            "queue": {"max_runs": 20, "tag_limits": {"slow": 2}, "priorities": {"tag:urgent": 5}},
            "resources": {"api": {"token": secret}},
            "config": {"load": {"password": secret}},
            "connections": {"lake": f"s3://a:{secret}@b", "warehouse": {"password": secret}},
            "locations": {"team": {"definitions": "team.py"}},
            "alerts": {
                "channels": {"desk": {"url": f"slack://{secret}"}, "hook": {"webhook": "https://x", "secret": secret}},
                "rules": [{"name": "late", "on": ["late"]}, {"on": ["failure"]}],
            },
        }
    )
    assert secret not in repr(found)
    assert found["storage"].value == "s3://bucket/weft?***"
    assert {name: found[name].value for name in ("pools.warehouse", "queue.max_runs", "queue.tag_limits.slow")} == {
        "pools.warehouse": 3, "queue.max_runs": 20, "queue.tag_limits.slow": 2,
    }  # fmt: skip
    assert found["queue.priorities.tag:urgent"].value == 5
    assert found["connections"].value == ["lake", "warehouse"]
    assert found["alerts.channels"].value == ["desk", "hook"]
    assert found["alerts.rules"].value == ["late", "no. 2"]


def test_the_defaults_are_those_by_which_things_go():
    bind = server.Bind()
    defaults = setting_views.DEFAULTS
    assert (defaults["server.host"], defaults["server.port"]) == (bind.host, bind.port)
    assert tuple(defaults["server.proxies"]) == bind.proxies
    assert (defaults["server.behind_proxy"], defaults["server.base_path"]) == (bind.behind_proxy, bind.base_path)
    assert defaults["scheduler.grace"] == f"{loop.GRACE.total_seconds():.0f}s"


def test_every_setting_that_there_is_can_be_told():
    tables = {"pools", "queue", "alerts", "resources", "config", "connections", "locations", "server", "scheduler"}
    assert sorted(project.SETTINGS.keys() - tables - setting_views.DEFAULTS.keys()) == []
    told_of_server = (server_settings.problem({"0": None}) or "").partition("known are ")[2].rstrip(".").split(", ")
    assert [name for name in told_of_server if f"server.{name}" not in setting_views.DEFAULTS] == []
