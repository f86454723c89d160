from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
import threading

import msgspec
import pytest

from weft.alerts import addresses, apprising, messages, sending, webhooks
from weft.model import alerting, errors

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what apprise imports

MESSAGE = messages.Message(
    id="i1-opened-1",
    about="opened",
    incident="i1",
    title="orders failed",
    severity="error",
    root="asset:orders",
    subject="asset:report",
    detail="ValueError: no orders today",
    chain=("asset:orders", "asset:report"),
    hits=("asset:orders", "asset:report"),
    count=2,
    owners=("team:trading",),
    since="2024-01-15T12:00:00+00:00",
    link="https://weft.example.org/incidents/i1",
    command="weft plan +orders",
)
HERE = addresses.Allowed(loopback=True)


def test_a_webhook_is_signed_over_its_timestamp_and_body(receiver):
    webhooks.send(receiver.url + "/hook?a=1", MESSAGE, secret="s3cret", timestamp=1705320000, allowed=HERE)
    ((headers, body),) = receiver.requests
    expected = hmac.new(b"s3cret", b"1705320000." + body, hashlib.sha256).hexdigest()
    assert headers["X-Weft-Signature"] == f"sha256={expected}"
    assert headers["X-Weft-Timestamp"] == "1705320000"
    assert headers["X-Weft-Delivery"] == MESSAGE.id
    sent = json.loads(body)
    assert sent["title"] == "orders failed"
    assert sent["hits"] == ["asset:orders", "asset:report"]


@pytest.mark.parametrize("status", [302, 400, 500])
def test_an_answer_that_is_no_success_is_told_and_no_redirect_is_followed(receiver, status):
    receiver.status = status
    with pytest.raises(webhooks.SendingError, match=str(status)):
        webhooks.send(receiver.url, MESSAGE, secret="", timestamp=1, allowed=HERE)
    assert len(receiver.requests) == 1


def test_this_machine_is_connected_to_only_where_the_channel_says_so(receiver):
    for allowed in (addresses.Allowed(), addresses.Allowed(private=True)):
        with pytest.raises(addresses.RefusedAddressError, match="allow_loopback"):
            webhooks.send(receiver.url, MESSAGE, secret="", timestamp=1, allowed=allowed)
    port = receiver.server.server_port
    with pytest.raises(addresses.RefusedAddressError):
        webhooks.send(f"http://localhost:{port}", MESSAGE, secret="", timestamp=1, allowed=addresses.Allowed())
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("address", "public", "private", "loopback"),
    [
        ("93.184.216.34", True, True, True),
        ("2606:2800:220:1::1", True, True, True),
        ("10.1.2.3", False, True, False),
        ("192.168.1.1", False, True, False),
        ("172.16.0.1", False, True, False),
        ("fd12:3456::1", False, True, False),
        ("100.64.0.1", False, True, False),
        ("127.0.0.1", False, False, True),
        ("::1", False, False, True),
        ("::ffff:127.0.0.1", False, False, True),
        ("::ffff:10.0.0.1", False, True, False),
        ("64:ff9b::a00:1", False, True, False),
        ("2002:7f00:1::", False, False, True),
        ("169.254.169.254", False, False, False),
        ("::ffff:169.254.169.254", False, False, False),
        ("64:ff9b::a9fe:a9fe", False, False, False),
        ("fe80::1", False, False, False),
        ("fd00:ec2::254", False, False, False),
        ("100.100.100.200", False, False, False),
        ("0.0.0.0", False, False, False),
        ("::", False, False, False),
        ("224.0.0.1", False, False, False),
        ("::127.0.0.1", False, False, True),
        ("::a9fe:a9fe", False, False, False),
        ("::ffff:0:169.254.169.254", False, False, False),
        ("64:ff9b:1::7f00:1", False, False, True),
        ("64:ff9b:1::a9fe:a9fe", False, False, False),
        ("192.0.0.192", False, False, False),
        ("168.63.129.16", False, False, False),
        ("fec0::1", False, True, False),
    ],
)
def test_which_addresses_a_webhook_may_go_to(address, public, private, loopback):
    found = ipaddress.ip_address(address)
    assert (addresses.problem_with(found, addresses.Allowed()) is None) == public
    assert (addresses.problem_with(found, addresses.Allowed(private=True)) is None) == (public or private)
    assert (addresses.problem_with(found, addresses.Allowed(loopback=True)) is None) == (public or loopback)


def test_a_receiver_that_never_comes_to_an_end_is_left():
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    over = threading.Event()

    def drip():
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.05):
                try:
                    connection.sendall(b"X-A: b\r\n")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        with pytest.raises(webhooks.SendingError):
            webhooks.send(f"http://127.0.0.1:{port}", MESSAGE, secret="", timestamp=1, allowed=HERE, seconds=0.5)
    finally:
        over.set()
        thread.join(60)
        listening.close()


def test_apprise_carries_a_message_as_json(receiver):
    host = receiver.url.removeprefix("http://")
    apprising.send(f"json://{host}/alerts", MESSAGE)
    (sent,) = receiver.messages
    assert sent["title"] == "[error] orders failed"
    assert "ValueError: no orders today" in sent["message"]
    assert "Root cause: orders (orders → report)" in sent["message"]
    assert "Next: weft plan +orders" in sent["message"]
    assert sent["type"] == "failure"


def test_apprise_carries_a_message_as_mail():
    from aiosmtpd import controller

    class Kept:
        def __init__(self):
            self.mails = []

        async def handle_DATA(self, server, session, envelope):
            self.mails.append((envelope.rcpt_tos, envelope.content.decode()))
            return "250 OK"

    kept = Kept()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    smtp = controller.Controller(kept, hostname="127.0.0.1", port=port)
    smtp.start()
    try:
        apprising.send(f"mailto://127.0.0.1:{port}?from=weft@example.org&to=ann@example.org&mode=insecure", MESSAGE)
    finally:
        smtp.stop()
    ((to, content),) = kept.mails
    assert to == ["ann@example.org"]
    assert "orders failed" in content


def test_a_service_that_apprise_does_not_know_is_told_without_its_secrets():
    with pytest.raises(webhooks.SendingError) as raised:
        apprising.send("nonsense://user:s3cret@host", MESSAGE)
    assert "nonsense://" in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_the_address_of_a_channel_is_taken_from_variables_when_a_message_is_sent(receiver, monkeypatch):
    channel = alerting.Channel(
        name="hook", kind="webhook", address="${HOOK}/in", secret="${HOOK_SECRET}", allow_loopback=True
    )
    with pytest.raises(errors.UsageError, match="HOOK"):
        sending.send(channel, MESSAGE, timestamp=1)
    monkeypatch.setenv("HOOK", receiver.url)
    monkeypatch.setenv("HOOK_SECRET", "s3cret")
    sending.send(channel, MESSAGE, timestamp=1)
    ((headers, body),) = receiver.requests
    assert headers["X-Weft-Signature"] == webhooks.sign("s3cret", "1", body)
    assert b"s3cret" not in body


@pytest.mark.parametrize(
    "url", ["ftp://example.org/x", "file:///etc/passwd", "https:///x", "", "gopher://127.0.0.1:70"]
)
def test_a_webhook_is_http_and_nothing_else(url):
    with pytest.raises(webhooks.SendingError, match="https://"):
        webhooks.send(url, MESSAGE, secret="", timestamp=1, allowed=HERE)


def test_what_goes_wrong_is_told_without_the_query_of_an_address(receiver):
    with pytest.raises(webhooks.SendingError) as raised:
        webhooks.send(f"{receiver.url}/a b?token=s3cret", MESSAGE, secret="", timestamp=1, allowed=HERE)
    assert "s3cret" not in str(raised.value)


def test_a_title_is_one_line():
    message = msgspec.structs.replace(MESSAGE, title="orders failed [a\r\nBcc: all@example.org]")
    assert "\n" not in messages.title(message)
    assert "\r" not in messages.title(message)
