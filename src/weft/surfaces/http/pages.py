"""Pages for people: the web UI's, the API's documentation, and a plain first one where the UI was not built.

Style and script of the plain ones are within, and named by their hash in the Content-Security-Policy, so that nothing
else can run; nothing comes from elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from weft.service.access import accounts, auditing
from weft.surfaces.http import answering, security, ui_files

if TYPE_CHECKING:
    from weft.surfaces.http import app as apps

STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
code,pre{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
label{display:block;margin:.6rem 0}input{font:inherit;display:block;padding:.3rem;width:16rem;max-width:100%}
button{font:inherit;padding:.3rem .9rem}
details{border-top:1px solid #8884;padding:.35rem 0}summary{cursor:pointer}
dt{font-family:ui-monospace,monospace;font-size:13px}dd{margin:0 0 .4rem 1.5rem}
.method{display:inline-block;min-width:4.2rem;font-weight:600}.faint{opacity:.7}
"""
SCRIPT = """
const at=document.getElementById('health');
if(at)fetch('api/v1/health').then(r=>r.json()).then(h=>{at.textContent=JSON.stringify(h,null,2)},
  e=>{at.textContent='The server does not answer: '+e});
const form=document.getElementById('log-in');
if(form)form.addEventListener('submit',async e=>{e.preventDefault();
  const given=new FormData(form);
  const r=await fetch('api/v1/session',{method:'POST',headers:{'content-type':'application/json'},
    body:JSON.stringify({name:given.get('name'),password:given.get('password')})});
  if(r.ok){location.replace(document.baseURI);return}
  const problem=await r.json();
  document.getElementById('refused').textContent=problem.detail+' '+(problem.remedy||'')});
const out=document.getElementById('log-out');
if(out)out.addEventListener('click',async()=>{
  await fetch('api/v1/session',{method:'DELETE'});location.replace(document.baseURI)});
"""


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


PAGE_CSP = security.CSP.format(own=f"style-src 'sha256-{_hash(STYLE)}'; script-src 'sha256-{_hash(SCRIPT)}'; ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request for a page, whose path has the decoded `segments` under the server's `base`."""

    app: apps.App
    base: str
    segments: tuple[str, ...]
    query: bytes
    address: str
    headers: Mapping[str, str]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page; `open` ones are shown to nobody in particular, with what nobody may see left out."""

    answer: Callable[[Asked, accounts.Principal], answering.Ready]
    scope: str
    open: bool = False


def shown(
    title: str, content: str, *, base: str, status: int = 200, head: str = "", headers: Mapping[str, str] | None = None
) -> answering.Ready:
    """A page around `content`, which is HTML with addresses relative to `base`, the path of the server."""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><base href="{html.escape(base)}/">'
        f"<title>{html.escape(title)}</title>"
        f'<meta name="viewport" content="width=device-width">{head}<style>{STYLE}</style></head>'
        f"<body>{content}<script>{SCRIPT}</script></body></html>"
    )
    return answering.Ready(
        status=status,
        headers={
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": PAGE_CSP,
            "cache-control": "no-store",
            **(headers or {}),
        },
        content=text.encode(),
    )


def code_in(query: bytes) -> str:
    """The code of a link as `weft dev` prints it, in a query `?token=CODE`; "" where there is none."""
    return urllib.parse.parse_qs(query.decode("latin-1")).get("token", [""])[0]


def first(asked: Asked, principal: accounts.Principal) -> answering.Ready:
    """The page at / where the web UI was not built: health and the documentation; to nobody, how to come in."""
    if principal.kind == "nobody":
        return _closed(asked, "")
    name, role = html.escape(principal.name), html.escape(principal.role)
    out = '<button id="log-out">Log out</button>' if principal.kind == "session" else ""
    return shown(
        "weft",
        f"<h1>weft</h1><p>You are <b>{name}</b> ({role}). {out}</p>{NOT_BUILT}"
        '<h2>Health</h2><pre id="health">…</pre><h2>API</h2>'
        '<p><a href="api/docs">Documentation</a> · <a href="api/v1/openapi.json">OpenAPI</a></p>',
        base=asked.base,
    )


NOT_BUILT = (
    "<p>This installation of weft is without its web UI, which was left out as it was built. In a clone of weft, "
    "<code>make ui</code> builds it; reload this page then. A wheel has it within.</p>"
)


def come_in(asked: Asked, principal: accounts.Principal, code: str) -> answering.Ready:
    """Exchange the code of a link for a session, and lead to the same path without it."""
    state = asked.app.state
    taken = state.door.links.take(code)
    if taken is not None:
        with state.serving.ledger() as ledger:
            taken = taken if accounts.is_unchanged(ledger, *taken) else None
    there = _without_code(asked)
    if taken is None and principal.kind != "nobody":  # used before, by the same browser: it is in already
        return answering.Ready(status=303, headers={"location": there, "cache-control": "no-store"})
    if taken is None and asked.app.ui.current() is not None:  # its own page says it, without the code in the address
        there += ("&" if "?" in there else "?") + "link=refused"
        return answering.Ready(status=303, headers={"location": there, "cache-control": "no-store"})
    if taken is None:
        return _closed(asked, "This link was used already, is older than five minutes, or the account has changed.")
    account = taken[0]
    actor = auditing.Actor(by=account or state.door.local_name, via="http", address=asked.address)
    agent = asked.headers.get("user-agent", "")
    with state.serving.ledger() as ledger:
        secret, _ = accounts.open_session(ledger, asked.now, account, address=asked.address, agent=agent, actor=actor)
    cookie = state.door.cookie_header(secret, int(accounts.SESSION_AT_MOST.total_seconds()), asked.base)
    if asked.headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        headers = {"location": there, "set-cookie": cookie, "cache-control": "no-store"}
        return answering.Ready(status=303, headers=headers)
    # a redirect that began at another site does not carry a strict cookie; a page that goes on by itself does
    there = html.escape(there)
    forward = f'<meta http-equiv="refresh" content="0;url={there}">'
    content = f'<p><a href="{there}">Go on</a></p>'
    return shown("weft", content, base=asked.base, head=forward, headers={"set-cookie": cookie})


def _without_code(asked: Asked) -> str:
    """The path that was asked for, with the query but for the code."""
    path = "/".join(urllib.parse.quote(each, safe="") for each in asked.segments)
    query = urllib.parse.parse_qsl(asked.query.decode("latin-1"), keep_blank_values=True)
    rest = urllib.parse.urlencode([(name, value) for name, value in query if name != "token"])
    return f"{asked.base}/{path}{'?' if rest else ''}{rest}"


def _has_accounts(asked: Asked) -> bool:
    with asked.app.state.serving.ledger() as ledger:
        return any(not each.disabled for each in ledger.accounts())


def _closed(asked: Asked, why: str) -> answering.Ready:
    form = (
        '<form id="log-in"><label>Name <input name="name" autocomplete="username" required></label>'
        '<label>Password <input name="password" type="password" autocomplete="current-password" required></label>'
        '<button>Log in</button><p id="refused" role="alert"></p></form>'
        if _has_accounts(asked)
        else ""
    )
    told = f"<p>{html.escape(why)}</p>" if why else ""
    way = "<p>On the machine where the server runs, <code>weft open</code> prints a link that leads in, once.</p>"
    return shown("weft", f"<h1>weft</h1>{told}{form}{way}", base=asked.base, status=401)


def documentation(asked: Asked, principal: accounts.Principal) -> answering.Ready:
    """The page at /api/docs, rendered from the OpenAPI document."""
    from weft.surfaces.http import docs_page

    return shown("weft: the API", docs_page.content(), base=asked.base)


def ui(asked: Asked, built: ui_files.Built) -> answering.Ready:
    """What the web UI has at a path: a file, or its page, which finds out by itself what to show there.

    Raises:
        Refused: it is the path of a file that is none of the UI's, such as one of a build before.
    """
    file = built.files.get(asked.segments)
    found = ui_files.answer(file, asked.headers) if file is not None else None
    if found is not None:
        return found
    if file is not None or asked.segments[:1] == (ui_files.STATIC,):
        raise security.nothing_there()
    log_in = "password" if _has_accounts(asked) else "link"
    return ui_files.page(built, base=asked.base, nonce=secrets.token_urlsafe(18), log_in=log_in)


PAGES: Mapping[tuple[str, ...], Page] = {
    (): Page(answer=first, scope="description.read", open=True),
    ("api", "docs"): Page(answer=documentation, scope="description.read"),
}
"""Pages by the segments of their path, besides the web UI's. Only the first is open, since one comes in by it."""
