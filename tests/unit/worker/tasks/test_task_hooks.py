"""What hooks raise is logged and changes nothing; a Ctrl-C that falls into one goes on to the run."""

from __future__ import annotations

import logging

import pytest

from weft.worker import cancelling
from weft.worker.tasks import hooks


def test_what_a_hook_raises_is_logged_and_the_next_is_called(caplog: pytest.LogCaptureFixture) -> None:
    called: list[object] = []

    def wrong(context: object) -> None:
        raise SystemExit(3)

    with caplog.at_level(logging.ERROR):
        hooks.call("success", [wrong, called.append], "the context", None)
    assert called == ["the context"]
    assert "raised" in caplog.text


def test_a_ctrl_c_during_a_hook_is_not_swallowed() -> None:
    def interrupted(context: object) -> None:
        raise KeyboardInterrupt(cancelling.CTRL_C)

    with pytest.raises(KeyboardInterrupt):
        hooks.call("success", [interrupted], "the context", None)
