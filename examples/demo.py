"""The demo: a year of real market data is planned and made, breaks in one place, and is repaired in just that place.

It works on a copy of `trading` in `.demo`, made anew each time, and touches nothing else. `make demo` runs it.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
FOLDER = EXAMPLES / ".demo"
PROJECT = FOLDER / "trading"
REPORT = ("monthly_report", "--partitions", "2012-01..2012-12")
RECALCULATED = ("monthly_report", "--partitions", "2012-10")
BROKEN = "2012-10-26"
DESK = (
    "volatility[2012-01..2012-12|*]; correlations[2012-01..2012-12]; drawdowns[2012-01..2012-12]; "
    "weekly_moves[2012-01-02..2012-12-24]; league_table[]; morning_brief[]"
)
COLUMNS = "symbol,date,open,high,low,close,volume,adj_close"
GOOD = f"IBM,{BROKEN},191.49,193.87,191.47,193.28,4006500,165.51"
BAD = GOOD.replace("193.28", "n/a")


def main() -> None:
    """Tell the story, in five parts."""
    started = time.monotonic()
    prepare()

    title("1. Plan and apply")
    say("Daily prices of five stocks: raw, processed, daily metrics, monthly report. What would it take to have 2012?")
    weft("ls")
    weft("plan", *REPORT)
    weft("apply", *REPORT, "--yes")
    say("Planned again, there is nothing to do.")
    weft("plan", *REPORT)

    title("2. Something breaks")
    say(f"The vendor corrects IBM's row of {BROKEN}, and the correction has a price that is no number.")
    correct(BAD)
    weft("materialize", "raw_trades", "--partitions", f"{BROKEN}|IBM")
    weft("apply", *REPORT, "--yes", expected=1)

    title("3. What is broken, what is stale because of it, and why?")
    say(
        "Two sessions hang on the broken trade: its own, and the next one, which counts its return from it. That is "
        "31 October, as the calendar knows: hurricane Sandy had closed the exchange."
    )
    weft("plan", *REPORT)

    title("4. Mend it, and repair exactly that")
    say("The vendor sends a row that can be read.")
    correct(GOOD)
    weft("materialize", "raw_trades", "--partitions", f"{BROKEN}|IBM")
    weft("apply", *REPORT, "--yes")
    weft("versions", *RECALCULATED)

    title("5. What others make of it")
    say(
        "The desk's own assets hang on the report and the metrics: one plan makes them, each in its own grain. The "
        "same report is there as a DAG too, and a flow counts the vendor's rows."
    )
    weft("apply", "group:desk", "--partitions", DESK, "--yes")
    weft("run", "monthly_report_dag", "--partition", "2012-10")
    weft("run", "vendor_watch")

    title(f"That was it, in {time.monotonic() - started:.0f} s")
    go_on()


def prepare() -> None:
    """Make the copy anew."""
    shutil.rmtree(PROJECT, ignore_errors=True)
    ignored = shutil.ignore_patterns(".weft", "__pycache__", "corrections")
    shutil.copytree(EXAMPLES / "trading", PROJECT, ignore=ignored)
    (FOLDER / ".gitignore").write_text("*\n")


def correct(row: str) -> None:
    """Deliver a correction, as the vendor would."""
    file = PROJECT / "corrections" / f"{BROKEN}.csv"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{COLUMNS}\n{row}\n")
    print(f"  {file.relative_to(PROJECT)}:  {row}\n", flush=True)


def weft(*arguments: str, expected: int = 0) -> None:
    """Show a command and run it; end the demo if it does not end as expected."""
    print(f"$ weft {shlex.join(arguments)}", flush=True)
    # The chart's fonts are indexed once, in the demo's folder and not in the home directory.
    environment = {**os.environ, "MPLCONFIGDIR": str(FOLDER / "matplotlib")}
    ended = subprocess.run([sys.executable, "-m", "weft", *arguments], cwd=PROJECT, env=environment, check=False)  # noqa: S603
    print(flush=True)
    if ended.returncode != expected:
        sys.exit(f"The demo expected exit code {expected} of this command, but it was {ended.returncode}.")


def title(text: str) -> None:
    """Begin a part."""
    print(f"\n── {text} {'─' * max(0, 90 - len(text))}\n", flush=True)


def say(text: str) -> None:
    """Say what is going on."""
    print(textwrap.fill(text, 96), end="\n\n", flush=True)


def go_on() -> None:
    """Say what to try next."""
    versions = [sys.executable, "-m", "weft", "versions", *RECALCULATED, "--json"]
    listed = subprocess.run(versions, cwd=PROJECT, check=True, capture_output=True)  # noqa: S603
    before = next(each["version"] for each in json.loads(listed.stdout) if not each["current"])
    folder = shlex.quote(os.path.relpath(PROJECT))
    environment = os.path.relpath(sys.prefix)
    activate = f". {shlex.quote(environment)}/bin/activate && " if sys.prefix != sys.base_prefix else ""
    print("To look at it in the browser, type these two lines, and open the link that the second one prints:\n")
    print(f"  {activate}cd {folder}\n  weft dev\n")
    print(f"Or try in {folder}, in a shell with the environment activated so:\n")
    for meaning, command in (
        ("where each asset stands", "weft status"),
        ("the months, one box each", "weft partitions monthly_report"),
        ("back to the report before the correction", f"weft rollback {shlex.join(RECALCULATED)} --to {before}"),
        ("everything since 2000", "weft plan"),
        ("make it all, in about a minute", "weft apply --yes"),
    ):
        print(f"  {meaning:<42} {command}")
    print("\nChange a comment in trading/assets.py, or `parse`, and plan again. README.md there has more.")


if __name__ == "__main__":
    main()
