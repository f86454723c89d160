"""How events are written down and read back, now and for ever."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from drawn_events import BY_TYPE, TYPES
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.ledger import codec
from weft.model import errors, events

OLD = Path(__file__).with_name("events-v1.jsonl").read_text().splitlines()


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_an_event_comes_back_as_it_was(kind: type[events.Event]) -> None:
    @settings(max_examples=25, deadline=None)
    @given(BY_TYPE[kind])
    def comes_back(event: events.Event) -> None:
        body = codec.encode(event)
        again = codec.decode(body)
        assert type(again) is kind
        assert codec.encode(again) == body
        assert codec.decode(body.decode()) == again

    comes_back()


def test_every_event_is_one_that_can_be_read_back() -> None:
    assert set(events.Event.__subclasses__()) == set(TYPES)


@pytest.mark.parametrize("line", OLD, ids=lambda line: line[9:30].split('"')[0])
def test_an_event_of_the_first_version_reads_the_same_for_ever(line: str) -> None:
    """Lines of this file are never edited; new ones may be added."""
    assert codec.encode(codec.decode(line)).decode() == line


def test_there_is_an_old_event_of_every_type_with_every_field_of_then() -> None:
    assert {msgspec.json.decode(line)["type"] for line in OLD} == {kind.__name__ for kind in TYPES}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b"{}", b'{"type":"Unheard","run":"r"}', b'{"type":"RunStarted"}',
        b'{"type":"RunStarted","run":5}', b'{"type":"RunStarted","run":"\xff"}', b'{"type":"RunStarted","run":"r"}x',
        b'{"type":"RunFinished","run":"r","outcome":"splendid"}', "\udc80",
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused_with_its_place_in_the_log(body: bytes | str) -> None:
    with pytest.raises(errors.LedgerError, match=r"an event, number 17, that cannot be read") as caught:
        codec.decode(body, 17)
    assert "verify" in caught.value.remedy


def test_a_field_of_a_newer_weft_is_read_past() -> None:
    assert codec.decode(b'{"type":"RunStarted","run":"r","mood":"good"}') == events.RunStarted(run="r")


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(categories=["Cs", "L"]), min_size=1), BY_TYPE[events.AttemptFailed])
def test_a_cleaned_event_can_be_written_and_keeps_what_was_sound(text: str, event: events.AttemptFailed) -> None:
    assert codec.cleaned(event) == event
    broken = msgspec.structs.replace(event, error=events.Error(kind="OSError", message=text))
    cleaned = codec.cleaned(broken)
    assert codec.decode(codec.encode(cleaned)).error == cleaned.error
    sound = "".join(each for each in text if not "\ud800" <= each <= "\udfff")
    assert [each for each in sound if each not in cleaned.error.message] == []
    assert msgspec.structs.replace(cleaned, error=event.error) == event


@given(st.text())
def test_a_token_is_a_64_bit_number_and_never_the_one_that_means_missing(data_version: str) -> None:
    assert 0 < codec.token(data_version) < 2**64
    assert codec.token(data_version) == codec.token(data_version)


def test_tokens_are_the_same_on_every_machine() -> None:
    assert codec.token("json1:00") == 0x68079002411A03F4
