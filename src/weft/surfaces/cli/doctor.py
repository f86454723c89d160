"""`weft doctor`."""

from __future__ import annotations

from weft.surfaces.cli import options, program, screen


@options.command
@options.as_json
@options.place
def doctor(as_json: bool) -> int:
    """Look over the installation and the project; changes nothing. Exits with 1 when there is a problem.

    Examples:
      weft doctor
      weft doctor --json
    """
    from weft import wiring
    from weft.service import doctoring

    if (server := options.remote()) is not None:
        from weft.service.server import operation_work
        from weft.surfaces.cli import operating

        asked = operating.asked_for(server, "/doctor")
        found = [each for one in operating.answers(server, asked, operation_work.DoctorAnswer) for each in one.findings]
    else:
        found = doctoring.look(
            lambda: wiring.open_project(options.where()), wiring.open_ledger, lambda: options.open_world()
        )
    broken = any(each.level == "problem" for each in found)
    if as_json:
        screen.json_line(found)
        return program.FAILED if broken else program.DONE
    out = screen.Screen()
    marks = {"ok": ("✓", "fresh"), "warning": ("~", "stale"), "problem": ("!", "failed")}
    width = max(len(each.subject) for each in found)
    for each in found:
        mark, word = marks[each.level]
        out.line(f"  {out.paint(mark, word)} {each.subject.ljust(width)}  {each.text}")
    return program.FAILED if broken else program.DONE
