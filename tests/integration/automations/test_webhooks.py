"""Webhooks: only what is signed with the secret counts, once, and nothing else of the body than the mapping names."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft import EnvVar, dag, task, webhook
from weft.define.automations.webhooks import GITHUB, STRIPE, WEFT
from weft.model import automations as model
from weft.model import errors
from weft.service import world as worlds
from weft.service.automation import automations, webhooks
from weft.testing.clock import FakeClock

World = Callable[..., worlds.World]
SECRET = "shh-4711"


@task
def noop(n: int = 0) -> int:
    return n


@dag(params={"n": 1})
def loading() -> None:
    noop(n="{{ params.n }}")


def orders(**given: object) -> object:
    options = {"target": "loading", "secret": EnvVar("ORDERS_SECRET"), "params": {"n": "$.order.n"}, "dedupe": "$.id"}
    return webhook("orders", **{**options, **given})  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_SECRET", SECRET)


def body(number: int = 7, **more: object) -> bytes:
    return json.dumps({"id": f"o-{number}", "order": {"n": number}, **more}).encode()


def deliver(
    world: worlds.World, content: bytes, *, secret: str = SECRET, scheme: model.Signature = WEFT
) -> webhooks.Delivery:
    now = world.clock.now()
    return webhooks.receive(world, "orders", webhooks.sign(secret, content, now, scheme), content, now)


def test_a_signed_delivery_starts_a_run_with_what_the_mapping_reads(world_of: World) -> None:
    world = world_of(noop, loading, orders())
    found = deliver(world, body(7))
    (run,) = world.ledger.runs()
    assert (found.decision, found.tick, found.runs) == ("started", "o-7", (run.id,))
    assert run.trigger == "webhook"
    assert json.loads(run.params or b"{}") == {"n": 7}


def test_the_same_delivery_again_is_the_same_decision(world_of: World) -> None:
    world = world_of(noop, loading, orders())
    first, second = deliver(world, body(7)), deliver(world, body(7))
    assert second.repeated
    assert second.runs == first.runs
    assert len(world.ledger.runs()) == 1
    assert deliver(world, body(8)).decision == "started"


@pytest.mark.parametrize("scheme", ["weft", "github", "stripe"])
def test_senders_sign_in_their_own_ways(world_of: World, scheme: str) -> None:
    known = {"weft": WEFT, "github": GITHUB, "stripe": STRIPE}
    world = world_of(noop, loading, orders(signature=scheme))
    assert deliver(world, body(), scheme=known[scheme]).decision == "started"
    with pytest.raises(webhooks.SignatureError):
        deliver(world, body(), scheme=known[scheme], secret="another")


def test_base64_and_a_header_of_ones_own(world_of: World) -> None:
    scheme = model.Signature(header="X-Shop-Hmac", prefix="", encoding="base64", timestamp="")
    assert deliver(world_of(noop, loading, orders(signature=scheme)), body(), scheme=scheme).decision == "started"


def test_what_is_not_signed_or_signed_long_ago_or_changed_is_refused_and_leaves_nothing(
    world_of: World, clock: FakeClock
) -> None:
    world, now = world_of(noop, loading, orders()), clock.now()
    signed = webhooks.sign(SECRET, body(), now)
    for headers, content, moment in (
        ({}, body(), now),
        ({**signed, "X-Weft-Signature": ""}, body(), now),
        ({**signed, "X-Weft-Signature": "sha256=zz"}, body(), now),
        (signed, body() + b" ", now),
        (signed, body(), now + timedelta(seconds=301)),
        (signed, body(), now - timedelta(seconds=301)),
        ({**signed, "X-Weft-Timestamp": "1"}, body(), now),
        ({**signed, "X-Weft-Timestamp": "soon"}, body(), now),
    ):
        with pytest.raises(webhooks.SignatureError) as caught:
            webhooks.receive(world, "orders", headers, content, moment)
        assert SECRET not in str(caught.value)
    assert not world.ledger.runs()
    assert world.ledger.position() == 0
    lower = {name.lower(): value for name, value in signed.items()}
    assert webhooks.receive(world, "orders", lower, body(), now + timedelta(seconds=299)).decision == "started"


def test_without_its_secret_in_the_environment_nothing_is_believed(
    world_of: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_of(noop, loading, orders())
    monkeypatch.setenv("ORDERS_SECRET", "")
    with pytest.raises(webhooks.SignatureError):
        deliver(world, body(), secret="")


def test_all_that_a_body_lacks_is_told_at_once(world_of: World) -> None:
    world = world_of(noop, loading, orders())
    with pytest.raises(errors.UsageError) as caught:
        deliver(world, b'{"order": {}}')
    assert "$.order has no 'n'" in str(caught.value)
    assert "$ has no 'id'" in str(caught.value)
    with pytest.raises(errors.UsageError, match="no JSON"):
        deliver(world, b"{")


def test_a_large_body_is_not_looked_at(world_of: World) -> None:
    world = world_of(noop, loading, orders(most_bytes=10))
    with pytest.raises(webhooks.TooLargeError):
        webhooks.receive(world, "orders", {}, b"x" * 11, world.clock.now())


def test_a_paused_webhook_takes_nothing(world_of: World) -> None:
    world = world_of(noop, loading, orders(paused=True))
    with pytest.raises(webhooks.PausedError):
        deliver(world, body())
    automations.resume(world, "webhook:orders", by="ada")
    assert deliver(world, body()).decision == "started"


def test_wrong_parameters_are_a_failed_decision_and_may_be_sent_again(world_of: World) -> None:
    world = world_of(noop, loading, orders(params={"nope": "$.order.n"}))
    found = deliver(world, body())
    assert found.decision == "failed"
    assert "nope" in found.reason
    assert not deliver(world, body()).repeated


def test_an_unknown_webhook_has_a_code_of_its_own(world_of: World) -> None:
    with pytest.raises(webhooks.UnknownWebhookError) as caught:
        webhooks.receive(world_of(noop, loading, orders()), "order", {}, b"", FakeClock().now())
    assert caught.value.code == "unknown-webhook"
    assert "orders" in str(caught.value.remedy)


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each))
)
def test_a_path_finds_a_value_or_says_where_it_ends(content: object) -> None:
    assert webhooks.value_at(content, "$") == content
    for path in ("$.a.b[0]", '$["a b"][3].c'):
        with contextlib.suppress(LookupError):
            webhooks.value_at(content, path)


def test_e11_a_delivery_that_is_replayed_starts_nothing_again_though_nothing_names_it(world_of: World) -> None:
    world = world_of(noop, loading, orders(dedupe=""))
    now, content = world.clock.now(), body(7)
    headers = webhooks.sign(SECRET, content, now)
    first = webhooks.receive(world, "orders", headers, content, now)
    again = webhooks.receive(world, "orders", headers, content, now + timedelta(seconds=200))
    assert (again.repeated, again.runs) == (True, first.runs)
    meant_anew = webhooks.sign(SECRET, content, now + timedelta(seconds=1))
    assert not webhooks.receive(world, "orders", meant_anew, content, now + timedelta(seconds=1)).repeated
    assert len(world.ledger.runs()) == 2
