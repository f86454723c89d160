"""The trade API that the examples ask: `python trade_api.py` serves it on this machine until Ctrl-C."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

PORT = 8017


def trades_of(date: str) -> list[dict[str, Any]]:
    """What the API answers for a day: three trades of two symbols, with quantities that depend on the day."""
    day = int(date[-2:])
    return [
        {"trade_id": 3 * day, "date": date, "symbol": "BTC", "price": 50_000.0, "quantity": day},
        {"trade_id": 3 * day + 1, "date": date, "symbol": "ETH", "price": 3_000.0, "quantity": 10},
        {"trade_id": 3 * day + 2, "date": date, "symbol": "BTC", "price": 51_000.0, "quantity": 1},
    ]


class TradeApi(ThreadingHTTPServer):
    """The trade API. `asked` has what was asked for; the next `failures` answers are 503."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.asked: list[str] = []
        self.failures = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: TradeApi

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.failures:
            self.server.failures -= 1
            self.send_error(503)
            return
        asked = urlparse(self.path)
        dates = parse_qs(asked.query).get("date", [])
        if asked.path != "/trades" or len(dates) != 1 or not dates[0][-2:].isdecimal():
            self.send_error(404, "ask for /trades?date=2024-01-15")
            return
        body = json.dumps(trades_of(dates[0])).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nothing is printed: what is asked for is in `asked`."""


if __name__ == "__main__":
    with TradeApi(PORT) as server:
        print(f"The trade API is at {server.url}/trades?date=2024-01-15. Ctrl-C ends it.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
