"""`weft dev`, `weft server` and `weft scheduler`: everything on one machine, or the parts apart."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import click

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weft.service.server import serving
    from weft.surfaces.http import server as http
    from weft.surfaces.processes import supervisor as supervisors

_LOADING_SECONDS = 3.0
"""How long it waits for the code locations before it says that it is ready all the same."""
_GRACE_SECONDS = 10.0


def _bind_options(command: options.Command) -> options.Command:
    for option in (
        click.option("--key", metavar="FILE", help="The key of the certificate."),
        click.option("--certificate", metavar="FILE", help="A certificate, to serve HTTPS."),
        click.option(
            "--base-path", metavar="PATH", help="The path under which a proxy serves it, such as /tools/weft."
        ),
        click.option("--behind-proxy", is_flag=True, default=None, help="A proxy in front of it does TLS."),
        click.option("--port", type=click.IntRange(0, 65535), metavar="P", help="8321 by default; 0 takes a free one."),
        click.option("--host", metavar="H", help="The address to listen on; 127.0.0.1 by default."),
    ):
        command = option(command)
    return command


@options.command
@_bind_options
@click.option("--no-reload", is_flag=True, help="Do not load definitions anew when their files change.")
@click.option("--no-worker", is_flag=True, help="Run nothing here; runs wait for a worker.")
@click.option("--no-scheduler", is_flag=True, help="Decide nothing here; schedules wait for a scheduler.")
@options.place
def dev(
    host: str | None,
    port: int | None,
    behind_proxy: bool | None,
    base_path: str | None,
    certificate: str | None,
    key: str | None,
    no_reload: bool,
    no_worker: bool,
    no_scheduler: bool,
) -> int:
    """Start everything on this machine: server, scheduler and a worker for each code location.

    Definitions are loaded anew when their files change. Ctrl-C ends it: runs under way get some seconds to finish,
    and what they leave is gone on with at the next start.

    Examples:
      weft dev
      weft dev --port 9000
      weft -f pipeline.py dev --port 0
    """
    given = _given(host, port, behind_proxy, base_path, certificate, key)
    return _serve(given, what="weft dev", scheduler=not no_scheduler, runs=not no_worker, reload=not no_reload)


@options.command
@_bind_options
@click.option("--no-reload", is_flag=True, help="Do not load definitions anew when their files change.")
@options.place
def server(
    host: str | None,
    port: int | None,
    behind_proxy: bool | None,
    base_path: str | None,
    certificate: str | None,
    key: str | None,
    no_reload: bool,
) -> int:
    """Start the server alone: the HTTP API, and hosts that load the definitions but run nothing.

    `weft scheduler` and `weft worker start` do the rest, as many of each as you like, on the same ledger.

    Examples:
      weft server
      weft server --host 0.0.0.0 --behind-proxy
    """
    given = _given(host, port, behind_proxy, base_path, certificate, key)
    return _serve(given, what="weft server", scheduler=False, runs=False, reload=not no_reload)


@options.command
@options.place
def scheduler() -> int:
    """Start a scheduler alone: it decides what is due, and sends alerts. Several may live at once.

    Examples:
      weft scheduler
    """
    from weft import wiring
    from weft.surfaces.processes import parts

    out = screen.Screen()
    served = wiring.open_serving(options.where())
    stopping = threading.Event()
    working = parts.Parts(served, _note, schedules=True, alerts=True)
    with _told_to_end(stopping.set), contextlib.closing(served):
        working.start()
        out.line("The scheduler is at work. Ctrl-C ends it.")
        sys.stdout.flush()
        stopping.wait()
        working.stop()
    return program.DONE


def _given(
    host: str | None,
    port: int | None,
    behind_proxy: bool | None,
    base_path: str | None,
    certificate: str | None,
    key: str | None,
) -> dict[str, Any]:
    return {
        "host": host,
        "port": port,
        "behind_proxy": behind_proxy,
        "base_path": base_path,
        "certificate": certificate,
        "key": key,
    }


def _serve(given: dict[str, Any], *, what: str, scheduler: bool, runs: bool, reload: bool) -> int:
    from weft import wiring
    from weft.surfaces.processes import supervisor as supervisors

    begun = time.monotonic()
    place = options.where()
    served = wiring.open_serving(place)
    options_given = {
        f"server.{name}": (f"--{name.replace('_', '-')}", value) for name, value in given.items() if value is not None
    }
    served.origin = dataclasses.replace(served.origin, flags={**served.origin.flags, **options_given})
    with contextlib.closing(served):
        how = supervisors.Options(takes_runs=runs, watch=reload, grace=_GRACE_SECONDS)
        watched = supervisors.Supervisor(place, served, how, tell=_note)
        watched.start()  # the hosts load while this process imports what it serves with
        try:
            _serve_beside(served, watched, given, what=what, scheduler=scheduler, begun=begun)
        finally:
            with _told_to_end(watched.hurry):  # whoever presses Ctrl-C again waits for no run
                watched.stop()
    return program.DONE if watched.failed is None else program.FAILED


def _serve_beside(
    served: serving.Serving,
    watched: supervisors.Supervisor,
    given: dict[str, Any],
    *,
    what: str,
    scheduler: bool,
    begun: float,
) -> None:
    from weft import wiring
    from weft.surfaces.http import server as http
    from weft.surfaces.processes import parts

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    table = served.settings.get("server", {})
    bind = http.bind_of(table if isinstance(table, dict) else {}, **given)
    working = parts.Parts(served, _note, schedules=scheduler, alerts=scheduler)

    def ready(running: http.Running) -> None:
        running.state.extras["supervisor"] = watched
        watched.on_failed = running.stop  # a server without its hosts would seem well and run nothing
        if watched.failed is not None:
            running.stop()
        working.start()

        def tell() -> None:
            watched.wait_until_settled(_LOADING_SECONDS)  # else what is asked for at once would not be known yet
            _tell_ready(running, what, begun)

        # beside it: meanwhile requests are answered already
        threading.Thread(target=tell, name="weft-ready", daemon=True).start()

    try:
        http.serve(served, bind, local_name=wiring.login(), on_ready=ready)
        _note(f"It ends; runs under way get {_GRACE_SECONDS:.0f} s to finish, none if you press Ctrl-C again.")
    finally:
        working.stop()


def _tell_ready(running: http.Running, what: str, begun: float) -> None:
    out = screen.Screen()
    out.line(f"{what} is ready after {time.monotonic() - begun:.2f} s: {running.shown_url}")
    out.line(f"  In a browser (logs in once, within five minutes): {running.link()}")
    out.line(f"  API: {running.shown_url}/api/docs   Token: {running.state.serving.home / 'token'}")
    out.line("  Ctrl-C ends it.")
    sys.stdout.flush()


def _note(text: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')} {text}", err=True)


@contextlib.contextmanager
def _told_to_end(end: Callable[[], None]) -> Iterator[None]:
    """Call `end` on SIGINT and SIGTERM within."""
    before = {each: signal.signal(each, lambda number, frame: end()) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
