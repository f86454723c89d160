"""Each example runs in a copy of the folder, against real services on this machine."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.services import ObjectStore, s3

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the API is among the examples

from rosetta_project import ROSETTA, Example
from trade_api import TradeApi, trades_of

__all__ = ["s3"]

DAY = "2024-01-15"


@pytest.fixture
def api() -> Iterator[TradeApi]:
    with TradeApi() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def example(tmp_path: Path, api: TradeApi) -> Example:
    folder = tmp_path / "rosetta"
    shutil.copytree(ROSETTA, folder, ignore=shutil.ignore_patterns("tests", ".weft", "__pycache__", "target", "*.toml"))
    lake = tmp_path / "lake"
    lake.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WEFT_", "AWS_"))}
    environment = {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TRADES_API": api.url,
        "WAREHOUSE": str(folder / "warehouse.db"),
        "LAKE": str(lake),
    }
    return Example(folder, api, environment)


@pytest.fixture
def lake(example: Example, s3: ObjectStore) -> ObjectStore:
    """An object store with the buckets that the examples name, known to the example as the connection `lake`."""
    options = s3.options
    example.environment |= {
        "WEFT_CONN_LAKE": s3.uri,
        "AWS_ENDPOINT_URL": s3.endpoint,
        "AWS_ACCESS_KEY_ID": options["key"],
        "AWS_SECRET_ACCESS_KEY": options["secret"],
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    files = s3.files()
    for bucket in ("trading", "code", "trading-data", "raw", "processed"):
        if files.exists(bucket):
            files.rm(bucket, recursive=True)
        files.mkdir(bucket)
    rows = "".join(f"{','.join(map(str, trade.values()))}\n" for trade in trades_of(DAY))
    files.pipe(f"trading/raw/trades/{DAY}.csv", f"trade_id,date,symbol,price,quantity\n{rows}".encode())
    files.pipe("code/aggregate_trades.py", (ROSETTA / "aggregate_trades.py").read_bytes())
    files.invalidate_cache()
    return s3
