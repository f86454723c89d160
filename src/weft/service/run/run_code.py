"""The source that a run ran, function by function, beside what is in force now."""

from __future__ import annotations

import msgspec

from weft.model import events
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service.server import definition_versions, recorded_code


class SourceView(views.View, frozen=True, kw_only=True):
    """A function, class or constant that a run used. `now` is its source in force, None where it has none any more."""

    name: str
    source: str
    now: str | None
    changed: bool


class RunCodeView(views.View, frozen=True, kw_only=True):
    """The code of a run: `missing` names digests whose source is not kept, `steps` the digest of each step's code."""

    version: str
    items: list[SourceView]
    steps: dict[str, str]
    missing: list[str]


def codes_of(ledger: ledgers.Reader, run: ledgers.RunRow) -> dict[str, str]:
    """The digest of the code of each step that has ended with a result, by step."""
    found: dict[str, str] = {}
    for _, _, event in ledger.events(run.id):
        if not isinstance(event, events.StepSucceeded) or event.step in found:
            continue
        codes = [event.task.code] if event.task is not None else [each.code for each in event.outputs]
        if any(codes):
            found[event.step] = next(each for each in codes if each)
    return found


def sources_of(ledger: ledgers.Ledger, run: ledgers.RunRow) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """The sources of a run by qualified name, the code of each of its steps, and the digests whose source is lost."""
    steps = codes_of(ledger, run)
    sources: dict[str, str] = {}
    missing: list[str] = []
    for code in dict.fromkeys([run.definitions, *steps.values()]):
        found = _sources(ledger, code)
        if found is not None:
            sources.update(found)
        elif code and code in steps.values():
            missing.append(code)
    version = definition_versions.of_run(ledger, run)
    if version is not None:
        sources = definition_versions.sources_of(ledger, version) | sources
    return sources, steps, missing


def code_of(ledger: ledgers.Ledger, run: ledgers.RunRow) -> RunCodeView:
    """The source that a run ran, and whether it is still the one in force."""
    sources, steps, missing = sources_of(ledger, run)
    today = _today(ledger, run, steps)
    return RunCodeView(
        version=run.definitions.rpartition(":")[2][:8],
        items=[
            SourceView(name=name, source=source, now=today.get(name), changed=today.get(name) != source)
            for name, source in sorted(sources.items())
        ],
        steps={step: code.rpartition(":")[2][:8] for step, code in steps.items()},
        missing=missing,
    )


def _today(ledger: ledgers.Ledger, run: ledgers.RunRow, steps: dict[str, str]) -> dict[str, str]:
    names = [f"pipeline:{run.pipeline}"] if run.pipeline is not None else [f"asset:{step}" for step in steps]
    found: dict[str, str] = {}
    for name in names:
        rows = ledger.definition_versions(name)
        if rows and rows[0].digest:
            found.update(definition_versions.sources_of(ledger, rows[0]))
    return found


def _sources(ledger: ledgers.Ledger, code: str) -> dict[str, str] | None:
    body = ledger.code_document(code) if code else None
    return None if body is None else msgspec.json.decode(body, type=recorded_code.CodeDocument).sources
