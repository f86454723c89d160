"""No secret leaves a worker in clear, whatever way a body says it."""

import itertools
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worker_world import World

from weft.define import outputs as defined
from weft.worker import logs, masking, metadata

SECRET = 'hunter2-\'"SECRETPW"-tail\\\u00e9'


@pytest.mark.parametrize("around", ["{}", "' {}", '" {}', "'\" {}"])
@pytest.mark.parametrize("shown", [repr, ascii, json.dumps, lambda text: json.dumps(text, ensure_ascii=False)])
def test_a_secret_with_quotes_is_masked_inside_quoted_text(around, shown):
    text = shown(around.format(SECRET))
    for masked in (masking.Masks([SECRET]).text(text), masking.Masks([SECRET]).binary(text.encode()).decode()):
        assert "SECRETPW" not in masked
        assert "***" in masked


def test_a_secret_is_masked_inside_the_repr_of_its_bytes():
    assert masking.Masks([SECRET]).text(repr(SECRET.encode())) in ("b'***'", 'b"***"')


def test_a_secret_in_metadata_is_masked_in_names_texts_and_numbers():
    masks = masking.Masks(["open sesame", "12345"])
    given = {"open sesame": {"open sesame": ["say open sesame", 0.12345, 12, None]}}
    encoded = metadata.encode(given, masks)
    assert {name: msgspec.json.decode(raw) for name, raw in encoded.items()} == {
        "***": {"***": ["say ***", "***", 12, None]}
    }


def test_no_part_of_a_report_has_a_secret(tmp_path):
    def tells(context):
        context.add_metadata({"pw": SECRET})
        return defined.Output(1, metadata={"again": [SECRET]})

    def check(value):
        return defined.CheckResult(passed=True, description=SECRET, metadata={"m": SECRET})

    def fails():
        raise type("E_" + SECRET, (Exception,), {})(KeyError(SECRET))

    masks = masking.Masks([SECRET])
    made = World(tmp_path, tells, context="context", checks={"c": check}, masks=masks).run()
    failed = World(tmp_path, fails, masks=masks).run()
    assert (made.outcome, failed.outcome) == ("succeeded", "failed")
    assert b"SECRETPW" not in msgspec.json.encode([made, failed])


def printed(folder, parts, secrets):
    """Return what is kept of parts written one by one, each flushed, half of them as bytes."""
    capture = logs.Capture(folder, "w", masks=masking.Masks(secrets))
    capture.begin("run")
    stream, _ = capture.streams
    for place, part in enumerate(parts):
        if place % 2:
            stream.buffer.write(part.encode())
        else:
            stream.write(part)
            stream.flush()
    log = capture.end()
    capture.close()
    return "" if log is None else (folder / log.file).read_bytes()[log.start : log.end].decode()


@given(before=st.text("ab", max_size=8), cuts=st.lists(st.integers(0, 30), max_size=4), after=st.text("ab", max_size=8))
def test_a_secret_written_in_parts_is_masked_as_if_written_at_once(tmp_path_factory, before, cuts, after):
    whole = f"{before}abcabd{after}"
    places = sorted({0, len(whole), *(each for each in cuts if each < len(whole))})
    parts = [whole[start:end] for start, end in itertools.pairwise(places)]
    folder = tmp_path_factory.mktemp("logs")
    assert printed(folder, parts, ["abcabd"]) == masking.Masks(["abcabd"]).text(whole)


def test_the_beginning_of_a_secret_that_does_not_go_on_is_kept(tmp_path):
    assert printed(tmp_path, ["say open ses", "sion", " open"], ["open sesame"]) == "say open session open"


def test_a_silent_attempt_has_no_log_with_masks(tmp_path):
    assert printed(tmp_path, [], ["open sesame"]) == ""
