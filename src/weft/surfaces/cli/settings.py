"""`weft settings`: what holds, and what says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from weft.service.server import setting_views


@options.command
@options.as_json
@options.place
def settings(as_json: bool) -> int:
    """Show each setting with its value and where that comes from: default, file, environment or command line.

    What may be secret is not shown: of resources, configs, connections and alert channels their names alone.

    Examples:
      weft settings
      weft settings --json
      weft --server http://127.0.0.1:8321 settings
    """
    import msgspec

    from weft.service.server import setting_views

    if (server := options.remote()) is not None:
        answer = server.get("/settings", dict[str, Any])
        found = msgspec.convert(answer["items"], list[setting_views.SettingView])
    else:
        from weft import wiring

        place = options.where()
        project = wiring.open_project(place)
        found = setting_views.told(project.settings, wiring.origin_of(place, project), project.home)
    if as_json:
        screen.json_line(found)
        return program.DONE
    screen.Screen().table(
        [(each.name, _source(each), _value(each)) for each in found], head=("setting", "from", "value")
    )
    return program.DONE


def _source(setting: setting_views.SettingView) -> str:
    return f"the variable {setting.where}" if setting.source == "environment" else setting.where or "default"


def _value(setting: setting_views.SettingView) -> str:
    told = _text(setting.value)
    return f"{told}; {_text(setting.next)} from the next start on" if setting.pending else told


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value) or "-"
