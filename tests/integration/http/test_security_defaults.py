"""The security defaults of a server, each named by its number in docs/security.md."""

from __future__ import annotations

import re
import shutil
import ssl
import stat
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests.integration.http import servers

from weft.model import errors
from weft.service.access import auditing, local_token
from weft.surfaces.http import authentication, pages, security, server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.running(tmp_path_factory.mktemp("secure")) as found:
        yield found


# --- E1 ---


def test_e1_the_server_listens_on_loopback_unless_told_otherwise() -> None:
    assert security.is_loopback(server.Bind().host)
    assert server.bind_of({}).host == "127.0.0.1"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_e1_another_bind_without_accounts_is_refused_and_says_how(tmp_path: Path, host: str) -> None:
    with pytest.raises(errors.UsageError) as refused, servers.running(tmp_path, bind=server.Bind(host=host, port=0)):
        pass
    assert "weft accounts add" in str(refused.value)
    assert "--behind-proxy" in str(refused.value)


def test_e1_accounts_alone_are_not_enough_in_the_clear(tmp_path: Path) -> None:
    with servers.running(tmp_path) as found:
        found.add_account("anna", "admin")
        open_to_all = server.Bind(host="0.0.0.0", port=0)
        with pytest.raises(errors.UsageError, match="encryption"):
            server.check(open_to_all, found.serving)
        server.check(server.Bind(host="0.0.0.0", port=0, behind_proxy=True), found.serving)


def test_e1_an_account_that_cannot_administer_is_not_enough(tmp_path: Path) -> None:
    with servers.running(tmp_path) as found:
        found.add_account("vera", "viewer")
        with pytest.raises(errors.UsageError, match="account"):
            server.check(server.Bind(host="::", port=0, behind_proxy=True), found.serving)


def test_e1_bound_elsewhere_it_serves_under_addresses_and_configured_names_alone(tmp_path: Path) -> None:
    with servers.running(tmp_path) as found:
        found.add_account("anna", "admin")
    bind = server.Bind(host="0.0.0.0", port=0, behind_proxy=True, names=("weft.example",))
    with servers.running(tmp_path, bind=bind) as found, found.client(None) as client:
        for host, status in (("weft.example", 401), ("10.1.2.3:80", 401), ("other.example", 403)):
            answer = client.get("/api/v1/me", headers={"host": host})
            assert answer.status_code == status, host
        assert answer.headers["strict-transport-security"]
        assert "Secure" in servers.log_in(client, "anna").headers["set-cookie"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_e1_with_a_certificate_of_its_own_nothing_travels_in_the_clear(tmp_path: Path) -> None:
    certificate, key = tmp_path / "weft.pem", tmp_path / "weft.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key),
         "-out", str(certificate)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    with servers.running(tmp_path) as found:
        found.add_account("anna", "admin")
    bind = server.Bind(host="0.0.0.0", port=0, certificate=certificate, key=key)
    context = ssl.create_default_context(cafile=str(certificate))
    with servers.running(tmp_path, bind=bind) as found, found.client(None, verify=context) as client:
        assert found.url.startswith("https://")
        answer = servers.log_in(client, "anna")
        assert answer.status_code == 201
        assert "Secure" in answer.headers["set-cookie"]
        assert answer.headers["strict-transport-security"]
        with pytest.raises(httpx.TransportError):
            httpx.get(found.url.replace("https", "http"), trust_env=False)


def test_e1_the_place_where_people_reach_it_is_one_of_its_names_and_in_its_links(tmp_path: Path) -> None:
    bind = server.bind_of({"url": "https://weft.example:8443/", "behind_proxy": True}, port=0)
    with servers.running(tmp_path, bind=bind) as found, found.client() as client:
        assert found.running.link().startswith("https://weft.example:8443/?token=")
        for host, status in (("weft.example:8443", 200), ("evil.example", 403)):
            assert client.get("/api/v1/me", headers={"host": host}).status_code == status


# --- E2 ---


def test_e2_a_token_is_there_from_the_first_start_and_for_its_owner_alone(tmp_path: Path) -> None:
    with servers.running(tmp_path) as found:
        path = local_token.path_in(found.home)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        token = path.read_text(encoding="utf-8").strip()
        assert len(token) >= 43
        with found.client(token) as client:
            assert client.get("/api/v1/me").json()["role"] == "admin"
    with servers.running(tmp_path) as found:
        assert found.token == token


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_e2_a_token_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    local_token.ensure(tmp_path)
    local_token.path_in(tmp_path).chmod(mode)
    with pytest.raises(errors.UsageError, match="read by others"):
        local_token.ensure(tmp_path)


def test_e2_a_link_in_place_of_the_token_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("x" * 43, encoding="utf-8")
    local_token.path_in(tmp_path).symlink_to(tmp_path / "other")
    with pytest.raises(errors.UsageError):
        local_token.ensure(tmp_path)


def test_e2_many_first_starts_at_once_agree_on_one_token(tmp_path: Path) -> None:
    barrier, found = threading.Barrier(8), []

    def start() -> None:
        barrier.wait()
        found.append(local_token.ensure(tmp_path))

    threads = [threading.Thread(target=start, daemon=True) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(servers.PATIENCE)
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["token"]


def test_e2_the_printed_url_works_once_and_holds_no_token(running: servers.Server) -> None:
    url = running.running.link()
    assert running.token not in url
    with running.client(None) as client:
        head = client.head(url)
        assert "set-cookie" not in head.headers
        first = client.get(url)
        assert (first.status_code, first.headers["location"]) == (303, "/")
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert client.get("/api/v1/me").json()["kind"] == "session"
        assert client.get("/").status_code == 200
    with running.client(None) as other:
        assert other.get(url).status_code == 401
        assert other.get("/").status_code == 401


def test_e2_a_link_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    links = authentication.OneTimeLinks()
    code = links.new()
    monkeypatch.setattr(authentication.time, "monotonic", lambda: 1e12)
    assert links.take(code) is None


def test_e2_a_link_is_made_for_the_one_who_asks_and_for_no_program(running: servers.Server) -> None:
    running.add_account("lena")
    with running.client() as client, running.client(None) as browser:
        servers.log_in(browser, "lena")
        own = {"origin": running.url}
        url = browser.post("/api/v1/session/links", headers=own).json()["url"]
        secret = client.post("/api/v1/tokens", json={"name": "program"}).json()["secret"]
        with running.client(secret) as program:
            assert program.post("/api/v1/session/links").status_code == 403
    with running.client(None) as browser:
        browser.get(url)
        assert browser.get("/api/v1/me").json()["name"] == "lena"


# --- E4 ---


def test_e4_the_cookie_counts_for_this_servers_own_pages_alone(running: servers.Server) -> None:
    with running.client(None) as client:
        client.get(running.running.link())
        assert client.get("/api/v1/me", headers={"sec-fetch-site": "same-origin"}).status_code == 200
        assert client.get("/api/v1/me", headers={"sec-fetch-site": "none"}).status_code == 200
        for foreign in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "http://x.test"}):
            assert client.get("/api/v1/me", headers=foreign).status_code == 403
        good = {"origin": running.url, "sec-fetch-site": "same-origin"}
        assert client.post("/api/v1/tokens", json={"name": "mine"}, headers=good).status_code == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"])
def test_e4_what_a_form_can_send_is_refused(running: servers.Server, kind: str) -> None:
    with running.client() as client:
        headers = {"content-type": kind} if kind else {}
        answer = client.post("/api/v1/tokens", content=b'{"name": "x"}', headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "content-type")


def test_e4_a_link_followed_from_another_site_still_leads_in(running: servers.Server) -> None:
    with running.client(None) as client:
        answer = client.get(running.running.link(), headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 200
        assert 'http-equiv="refresh"' in answer.text
        assert client.get("/api/v1/me").status_code == 200


# --- E5 ---


def test_e5_passwords_are_kept_as_argon2id_and_tokens_and_sessions_as_digests(running: servers.Server) -> None:
    running.add_account("paul")
    with running.client(None) as client, running.client() as admin:
        servers.log_in(client, "paul")
        secret = admin.post("/api/v1/tokens", json={"name": "kept"}).json()["secret"]
        session = next(iter(client.cookies.jar)).value
    with running.serving.ledger() as ledger:
        row = ledger.account("paul")
        assert row is not None
        assert row.password.startswith("$argon2id$")
        dump = "\n".join(ledger._connection.iterdump())  # type: ignore[attr-defined]
    for each in (servers.PASSWORD, secret, session, running.token):
        assert each not in dump


def test_e5_guessing_a_password_is_bounded_and_noted(running: servers.Server) -> None:
    running.add_account("gert")
    with running.client(None) as client, running.client() as admin:
        statuses = [servers.log_in(client, "gert", "wrong").status_code for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        right = servers.log_in(client, "gert")
        assert right.status_code == 429
        assert int(right.headers["retry-after"]) > 0
        noted = admin.get("/api/v1/audit?action=session.refused").json()["items"]
        assert [each["target"] for each in noted].count("account:gert") == 5
        running.running.door.attempts = authentication.Attempts()


def test_e5_an_unknown_account_is_refused_as_a_wrong_password_is(running: servers.Server) -> None:
    running.add_account("karl")
    with running.client(None) as client:
        known, unknown = servers.log_in(client, "karl", "wrong"), servers.log_in(client, "nemo", "wrong")
    assert known.json() == unknown.json()


def test_e5_a_session_ends_when_it_is_closed_or_the_account_changes(running: servers.Server) -> None:
    running.add_account("otto", "operator")
    own = {"origin": running.url}
    with running.client() as admin:
        for end in ("log out", "disable", "role", "password", "remove"):
            with running.client(None) as client:
                assert servers.log_in(client, "otto", servers.PASSWORD).status_code == 201
                kept = dict(client.cookies)
                assert client.get("/api/v1/me").json()["name"] == "otto"
                if end == "log out":
                    client.delete("/api/v1/session", headers=own)
                elif end == "remove":
                    admin.delete("/api/v1/accounts/otto")
                else:
                    change = {"disable": {"disabled": True}, "role": {"role": "viewer"}}.get(
                        end, {"password": servers.PASSWORD}
                    )
                    assert admin.patch("/api/v1/accounts/otto", json=change).status_code == 200
                for name, value in kept.items():
                    client.cookies.set(name, value)
                assert client.get("/api/v1/me").status_code == 401, end
                admin.patch("/api/v1/accounts/otto", json={"disabled": False})


def test_e5_nobody_gives_more_than_they_have(running: servers.Server) -> None:
    running.add_account("edda", "editor")
    with running.client(None) as client:
        servers.log_in(client, "edda")
        own = {"origin": running.url}
        new = {"name": "mallory", "password": servers.PASSWORD, "role": "admin"}
        assert client.post("/api/v1/accounts", json=new, headers=own).status_code == 403
        assert client.patch("/api/v1/accounts/edda", json={"role": "admin"}, headers=own).status_code == 403
        assert client.post("/api/v1/tokens", json={"name": "t", "role": "admin"}, headers=own).status_code == 422
        secret = client.post("/api/v1/tokens", json={"name": "t"}, headers=own).json()["secret"]
    with running.client() as admin, running.client(secret) as program:
        assert program.get("/api/v1/me").json()["role"] == "editor"
        assert program.post("/api/v1/tokens", json={"name": "child"}).status_code == 403
        admin.patch("/api/v1/accounts/edda", json={"role": "viewer"})
        assert program.get("/api/v1/me").json()["role"] == "viewer"
        assert program.get("/api/v1/accounts").status_code == 403
        admin.delete("/api/v1/accounts/edda")
        assert program.get("/api/v1/me").status_code == 401


def test_e5_a_bound_token_makes_only_tokens_that_are_bound_alike(running: servers.Server) -> None:
    with running.client() as admin:
        scopes = ["tokens.create", "runs.*"]
        secret = admin.post("/api/v1/tokens", json={"name": "maker", "scopes": scopes}).json()["secret"]
    with running.client(secret) as program:
        assert program.post("/api/v1/tokens", json={"name": "free"}).status_code == 422
        assert program.post("/api/v1/tokens", json={"name": "more", "scopes": ["accounts.*"]}).status_code == 422
        assert program.post("/api/v1/tokens", json={"name": "less", "scopes": ["runs.*"]}).status_code == 201


def test_e5_the_last_use_and_the_end_of_a_token_are_shown(running: servers.Server) -> None:
    with running.client() as admin:
        made = admin.post("/api/v1/tokens", json={"name": "shown", "expires_in": 60}).json()
        assert made["token"]["used"] is None
        with running.client(made["secret"]) as program:
            program.get("/api/v1/me")
        found = next(each for each in admin.get("/api/v1/tokens").json() if each["id"] == made["token"]["id"])
        assert found["used"] is not None
        assert datetime.fromisoformat(found["expires"]) - datetime.now(UTC) <= timedelta(seconds=60)
        assert "hash" not in found
        admin.delete(f"/api/v1/tokens/{found['id']}")
        with running.client(made["secret"]) as program:
            assert program.get("/api/v1/me").status_code == 401


def test_e5_the_last_admin_stays(tmp_path: Path) -> None:
    with servers.running(tmp_path) as found, found.client() as client:
        found.add_account("anna", "admin")
        found.add_account("vera")
        for change in ({"role": "viewer"}, {"disabled": True}):
            assert client.patch("/api/v1/accounts/anna", json=change).status_code == 409
        assert client.delete("/api/v1/accounts/anna").status_code == 409


# --- E13 ---


def test_e13_pages_run_only_what_their_policy_names(running: servers.Server) -> None:
    assert "unsafe" not in pages.PAGE_CSP
    assert "http" not in pages.PAGE_CSP
    with running.client() as client:
        for path in ("/", "/api/docs"):
            page = client.get(path)
            assert page.headers["content-security-policy"] == pages.PAGE_CSP
            assert not re.search(r'(src|href)="(https?:)?//', page.text)
            assert not re.search(r"\son[a-z]+=|style=", page.text)


# --- E15 ---


def test_e15_each_change_is_noted_with_who_and_what_in_an_unbroken_chain(running: servers.Server) -> None:
    with running.client() as client:
        client.post("/api/v1/accounts", json={"name": "nora", "password": servers.PASSWORD, "role": "operator"})
        client.patch("/api/v1/accounts/nora", json={"role": "viewer"})
        items = client.get("/api/v1/audit?limit=2").json()["items"]
        assert [each["action"] for each in items] == ["accounts.change", "accounts.add"]
        assert items[0]["by"] == "me"
        assert items[0]["via"] == "http"
        assert items[0]["detail"] == {"role": {"before": "operator", "after": "viewer"}}
        assert servers.PASSWORD not in client.get("/api/v1/audit?limit=500").text
        assert client.get("/api/v1/audit/verify").json()["broken_at"] is None


def test_e15_a_change_that_is_taken_out_or_altered_breaks_the_chain(tmp_path: Path) -> None:
    with servers.running(tmp_path) as found:
        for name in ("anna", "bert", "cleo"):
            found.add_account(name, "admin")
        with found.serving.ledger() as ledger:
            assert auditing.verify(ledger).entries == 3
            second = auditing.ls(ledger)[1].position
            connection = ledger._connection  # type: ignore[attr-defined]
            connection.execute("UPDATE change_made SET by_whom = 'other' WHERE position = ?", (second,))
            assert auditing.verify(ledger).broken_at == second
            connection.execute("DELETE FROM change_made WHERE position = ?", (second,))
            assert auditing.verify(ledger).broken_at == auditing.ls(ledger)[0].position


# --- E18 ---


def test_e18_the_threat_model_is_written_down() -> None:
    text = (Path(__file__).parents[3] / "docs" / "security.md").read_text(encoding="utf-8")
    for who in ("author", "operator", "viewer", "worker"):
        assert who in text.lower()
