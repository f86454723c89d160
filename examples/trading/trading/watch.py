"""What runs by itself under `weft dev`: a count of the vendor's rows now and then, and corrections as they come."""

import csv
from datetime import timedelta
from pathlib import Path

import weft
from trading import vendors
from trading.partitions import SYMBOLS
from trading.vendor import PROJECT
from weft import RunRequest, SensorContext, SkipReason, artifacts, flow, sensor, task

CORRECTIONS = PROJECT / "corrections"


@task(pool="vendor", retries=2, retry_delay="5s")
def count_rows(symbol: str) -> dict[str, str | int]:
    """How many rows the vendor has of a symbol, and of which sessions."""
    days = vendors.vendor().sessions(symbol)
    return {"symbol": symbol, "rows": len(days), "first": days[0], "last": days[-1]}


@task
def corrected() -> list[str]:
    """The sessions of which there are corrections."""
    return sorted(file.stem for file in CORRECTIONS.glob("*.csv"))


@flow(schedule=timedelta(minutes=15), tags=["vendor"])
def vendor_watch() -> int:
    """Count what the vendor has, every quarter of an hour, and leave a table of it."""
    counted = count_rows.map(list(SYMBOLS)).result()
    days = corrected()
    artifacts.table(counted, key="vendor-rows", description="Rows of each symbol")
    told = f"{len(days)} corrected: {', '.join(days)}" if days else "none corrected"
    artifacts.markdown(
        f"## The vendor's history\n\n**{sum(int(each['rows']) for each in counted):,}** rows; {told}.",
        key="vendor-history",
        description="What the vendor has",
    )
    return sum(int(each["rows"]) for each in counted)


@task(pool="vendor")
def fetch_again(session: str, symbols: list[str]) -> list[str]:
    """Read what was corrected from the vendor again; what hangs on it is stale then, if its content is another."""
    partitions = [f"{session}|{symbol}" for symbol in symbols]
    weft.materialize("raw_trades", partitions=",".join(partitions), executor="inline", start=PROJECT)
    return partitions


@flow(tags=["vendor"])
def take_correction(session: str) -> list[str]:
    """Materialize the raw trades that a file in `corrections` is about."""
    return fetch_again(session, symbols_in(CORRECTIONS / f"{session}.csv"))


def symbols_in(file: Path) -> list[str]:
    """The symbols of which a correction has rows."""
    with file.open(newline="") as text:
        return sorted({row["symbol"] for row in csv.DictReader(text)} & set(SYMBOLS))


@sensor(target=take_correction, every="5s")
def corrections_come(context: SensorContext) -> list[RunRequest] | SkipReason:
    """Start `take_correction` for each file in `corrections` that is new or was changed."""
    seen = int(context.cursor or 0)
    files = {file: file.stat().st_mtime_ns for file in sorted(CORRECTIONS.glob("*.csv"))}
    fresh = {file: changed for file, changed in files.items() if changed > seen}
    if not fresh:
        return SkipReason(f"no correction is newer than the last look; there are {len(files)}")
    context.cursor = str(max(fresh.values()))
    return [RunRequest(key=f"{file.stem}@{changed}", params={"session": file.stem}) for file, changed in fresh.items()]
