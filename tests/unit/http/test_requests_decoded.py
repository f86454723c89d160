"""Names of hosts, paths, bodies and queries: what is let in and what is not, whatever is sent."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.surfaces.http import decoding, limits, paging, problems, routing, security


class Thing(routing.Body, frozen=True, kw_only=True):
    """A thing."""

    name: Annotated[str, msgspec.Meta(max_length=5)]
    sizes: tuple[int, ...] = ()


class Asked(routing.Query, frozen=True, kw_only=True):
    """A query."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1
    live: bool = False
    kinds: tuple[str, ...] = ()


def _is_told(refused: problems.Refused, *statuses: int) -> None:
    assert refused.status in (statuses or (400, 422))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.text(max_size=30))
def test_a_host_is_known_only_if_it_is_exactly_a_name_of_ours(host: str) -> None:
    name, _, port = host.lower().partition(":")
    known = security.Hosts().knows(host)
    if known:
        assert name in security.LOOPBACK_NAMES or host.lower().startswith("[::1]")
        assert not port or port.isdigit() or host.startswith("[")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:8321", "[::1]", "[::1]:80"])
def test_loopback_names_are_known_in_any_spelling_of_case_and_port(host: str) -> None:
    assert security.Hosts().knows(host)


@pytest.mark.parametrize("host", ["localhost.", "127.1", "2130706433", "0.0.0.0", "[::]", "[::1", "localhost:x", "a b"])
def test_other_spellings_are_not(host: str) -> None:
    assert not security.Hosts().knows(host)


@given(st.binary(max_size=60))
def test_whatever_the_path_its_segments_never_climb_nor_hide_anything(raw: bytes) -> None:
    try:
        found = security.segments(b"/" + raw)
    except problems.Refused as refused:
        _is_told(refused, 404, 414)
        return
    for each in found:
        assert each
        assert not {".", ".."} & set(each.replace("\\", "/").split("/"))
        assert not any(ord(letter) < 32 for letter in each)


@given(st.binary(max_size=80))
def test_any_bytes_as_a_body_are_a_thing_or_refused(raw: bytes) -> None:
    try:
        assert isinstance(decoding.body(Thing, raw), Thing)
    except problems.Refused as refused:
        _is_told(refused)


@given(JSON)
def test_any_json_as_a_body_is_a_thing_or_refused(value: object) -> None:
    raw = json.dumps({"name": value, "sizes": value, "other": value}).encode()
    with pytest.raises(problems.Refused) as refused:
        decoding.body(Thing, raw)
    assert refused.value.status == 422
    assert "body.other" in {each.field for each in refused.value.fields}


@given(st.binary(max_size=60))
def test_any_bytes_as_a_query_are_one_or_refused(raw: bytes) -> None:
    try:
        assert isinstance(decoding.query(Asked, raw), Asked)
    except problems.Refused as refused:
        _is_told(refused)


def test_a_query_is_read_as_its_fields_say() -> None:
    assert decoding.query(Asked, b"limit=3&live=true&kinds=a&kinds=b") == Asked(limit=3, live=True, kinds=("a", "b"))


@given(st.integers(0, 200))
def test_depth_counts_no_brackets_in_strings(deep: int) -> None:
    assert decoding.depth(b"[" * deep + b'"[[{{\\"["' + b"]" * deep) == deep


ROUTES = routing.Routes(tag="test")
for _path in ("/a/{name}", "/a/fixed", "/a/{key:path}/versions", "/a/{key:path}", "/a/{key:path}/versions/{version}"):
    ROUTES.get(_path, scope="a.read", answer=dict, summary="")(lambda call, **given: {})


@pytest.mark.parametrize(
    ("path", "route", "parameters"),
    [
        ("a/x", "/a/{name}", {"name": "x"}),
        ("a/fixed", "/a/fixed", {}),
        ("a/x/y", "/a/{key:path}", {"key": "x/y"}),
        ("a/x/y/versions", "/a/{key:path}/versions", {"key": "x/y"}),
        ("a/x/versions/3", "/a/{key:path}/versions/{version}", {"key": "x", "version": "3"}),
        ("a/versions/versions", "/a/{key:path}/versions", {"key": "versions"}),
    ],
)
def test_the_route_with_more_fixed_segments_wins(path: str, route: str, parameters: dict[str, str]) -> None:
    found = routing.Table(ROUTES.all).find(tuple(path.split("/")))["GET"]
    assert (found[0].path, found[1]) == (route, parameters)


@pytest.mark.parametrize("path", ["a", "", "b", "a/x/", "A/x"])
def test_a_path_that_is_none_finds_nothing(path: str) -> None:
    assert routing.Table(ROUTES.all).find(tuple(path.split("/"))) == {}


def test_an_address_that_asks_too_often_waits_and_others_do_not() -> None:
    at = [0.0]
    rate = limits.Rate(per_second=1, burst=3, clock=lambda: at[0])
    for _ in range(3):
        rate.take("a")
    with pytest.raises(problems.Refused) as refused:
        rate.take("a")
    assert refused.value.status == 429
    rate.take("b")
    at[0] = 1.0
    rate.take("a")


class Filtered(routing.Query, frozen=True, kw_only=True):
    """A query with words and a time."""

    phase: Literal["running", "finished"] | None = None
    several: tuple[Literal["started", "skipped"], ...] = ()
    since: paging.Moment | None = None


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (b"phase=runing", "has no value 'runing': Did you mean 'running'?"),
        (b"phase=q", "has no value 'q': there are running, finished"),
        (b"several=started&several=skiped", "has no value 'skiped': Did you mean 'skipped'?"),
        (b"since=yesterday", "is no time such as 2024-01-31T06:00:00Z"),
    ],
)
def test_a_wrong_word_or_time_in_a_query_is_answered_with_what_there_is(query: bytes, problem: str) -> None:
    with pytest.raises(problems.Refused) as caught:
        decoding.query(Filtered, query)
    (field,) = caught.value.fields
    assert field.problem == problem
