"""What may stand at a place of a selection that is being written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from weft.model import selection_syntax
from weft.service import views
from weft.service import world as worlds

MOST = 30
_WORD = re.compile(r"[^\s(),+|]*$")
_FIELD = re.compile(r"(?:^|[\s(,+])([a-z]+):([^\s(),+]*)$")
_AFTER = re.compile(r"[^\s(),+|]*")
_PLAIN = re.compile(r"[\w./*?@:=\[\]-]+")

FIELD_NOTES = {
    "key": "by whole key or pattern",
    "group": "all of a group",
    "tag": "with a tag, or its value",
    "owner": "of an owner",
    "kind": "of a kind",
    "status": "by where a partition stands",
    "job": "what a job selects",
}


class CompletionItem(views.View, frozen=True, kw_only=True):
    """`text` takes the place from `start` to `end` of what was written."""

    text: str
    kind: str
    """asset, pipeline, field, value or operator."""
    note: str


class CompletionView(views.View, frozen=True, kw_only=True):
    """What may stand there, the likeliest first."""

    start: int
    end: int
    items: list[CompletionItem]


def complete(world: worlds.World, text: str, at: int) -> CompletionView:
    """What may stand at the place `at` of a selection, in code points from its beginning."""
    at = min(at, len(text))
    before = text[:at]
    word = _WORD.search(before)
    assert word is not None
    end = at + len((_AFTER.match(text, at) or word).group())
    field = _FIELD.search(before)
    if field is not None and field.group(1) in selection_syntax.FIELDS:
        written = field.group(2).rpartition("|")[2]
        return CompletionView(start=at - len(written), end=end, items=_values(world, field.group(1), written))
    return CompletionView(start=word.start(), end=end, items=_names(world, word.group(), before[: word.start()]))


def _names(world: worlds.World, written: str, before: str) -> list[CompletionItem]:
    graph = world.graph
    found = [
        CompletionItem(text=_quoted(key), kind="asset", note=graph.assets[key].group)
        for key in _near(graph.assets, written)
    ]
    found += [
        CompletionItem(text=_quoted(name), kind="pipeline", note=graph.pipelines[name].kind)
        for name in _near(graph.pipelines, written)
    ]
    fields = [
        CompletionItem(text=f"{name}:", kind="field", note=FIELD_NOTES[name])
        for name in selection_syntax.FIELDS
        if name.startswith(written.lower())
    ]
    ended = before.rstrip()
    follows = ended and ended[-1] not in "(,+" and not re.search(r"\b(?:and|or|not)$", ended)
    operators = [
        CompletionItem(text=f"{name} ", kind="operator", note=note)
        for name, note in (("and", "both"), ("or", "either"), ("not", "all but"))
        if name.startswith(written.lower()) and (name == "not") != bool(follows)
    ]
    if follows:
        return operators[:MOST]
    return (fields + operators + found)[:MOST] if not written else (found[: MOST - 4] + fields + operators)[:MOST]


def _values(world: worlds.World, field: str, written: str) -> list[CompletionItem]:
    assets = world.graph.assets.values()
    counts: Counter[str] = Counter()
    match field:
        case "status":
            return [
                CompletionItem(text=word, kind="value", note="")
                for word in selection_syntax.STATUSES
                if word.startswith(written.lower())
            ]
        case "key":
            return [
                CompletionItem(text=_quoted(key), kind="asset", note=world.graph.assets[key].group)
                for key in _near(world.graph.assets, written)
            ]
        case "job":
            return [
                CompletionItem(text=_quoted(name), kind="value", note="") for name in _near(world.graph.jobs, written)
            ]
        case "group":
            counts.update(each.group for each in assets)
        case "owner":
            counts.update(owner for each in assets for owner in each.owners)
        case "kind":
            counts.update(kind for each in assets for kind in each.kinds)
        case "tag":
            counts.update(f"{name}={value}" if value else name for each in assets for name, value in each.tags.items())
    return [
        CompletionItem(
            text=_quoted(value), kind="value", note=f"{counts[value]} assets" if counts[value] > 1 else "1 asset"
        )
        for value in _near(counts, written)
    ]


def _near(names: Iterable[str], written: str) -> list[str]:
    """Those that begin with it, then those of which a part does, then those that have it somewhere."""
    low = written.strip('"').lower()
    ranked: list[tuple[int, str]] = []
    for name in names:
        place = name.lower().find(low)
        if place < 0:
            continue
        ranked.append((0 if place == 0 else 1 if not name[place - 1].isalnum() else 2, name))
    ranked.sort()
    return [name for _, name in ranked[:MOST]]


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', "") + '"'
