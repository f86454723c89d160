"""`make bench`: measure what the project promises, print a table, keep it as JSON under bench/results/.

    python bench/run.py [--only NAME]... [--runs N] [--quick]

Each subject is a file beside this one. The exit code says nothing of targets unless --check asks for 1 on a miss.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sqlite3
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import measuring  # noqa: E402 - found beside this file

SUBJECTS = (
    "start_up",
    "series",
    "side_by_side",
    "from_the_shell",
    "flows",
    "dags",
    "hundred_thousand",
    "days",
    "graphs",
    "million",
    "server",
    "api_scale",
    "api_changing",
    "scheduling",
    "automation_tick",
)


def main() -> int:
    """Measure what was asked for; returns the exit code."""
    arguments = _arguments()
    chosen = [name for name in SUBJECTS if not arguments.only or name in arguments.only]
    how = measuring.How(runs=arguments.runs or (3 if arguments.quick else 5), quick=arguments.quick, say=_say)
    load = os.getloadavg()[0]
    print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, load {load:.1f}"
    )
    if load > 0.5:
        print("Something else is running: times are longer than they would be alone.")
    lines: list[measuring.Line] = []
    broken: list[str] = []
    for name in chosen:
        _say(name)
        begun = time.monotonic()
        try:
            found = importlib.import_module(name).measure(how)
        except Exception:
            broken.append(name)
            traceback.print_exc()
            continue
        lines += found
        print(f"\n{name}  ({time.monotonic() - begun:.0f} s, {how.runs} runs{', quick' if how.quick else ''})")
        for line in found:
            print("  " + _row(line))
        sys.stdout.flush()
    path = _keep(lines, how, load)
    missed = [line for line in lines if line.verdict == "miss"]
    passed = sum(line.verdict == "pass" for line in lines)
    print(
        f"\n{passed} reached, {len(missed)} missed" + (f", {', '.join(broken)} failed" if broken else "") + f" · {path}"
    )
    for line in missed:
        print(f"  missed: {line.name.strip()}: {_figure(line.median)} {line.unit} of {_target(line)}")
    return 1 if broken or (arguments.check and missed) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what the project promises.")
    parser.add_argument(
        "--only",
        action="append",
        choices=SUBJECTS,
        metavar="NAME",
        help=f"one of {', '.join(SUBJECTS)}; may be repeated",
    )
    parser.add_argument("--runs", type=int, help="how often each figure is taken (5; 3 with --quick)")
    parser.add_argument("--quick", action="store_true", help="3 runs, and 100,000 partitions in place of a million")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a target is missed")
    return parser.parse_args()


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"… {text}", file=sys.stderr)


def _row(line: measuring.Line) -> str:
    spread = f"({_figure(min(line.samples))} to {_figure(max(line.samples))}, {len(line.samples)} runs)"
    note = f"  [{line.note}]" if line.note else ""
    measured = f"{_figure(line.median):>9} {line.unit:8}{spread:34}"
    return f"{line.verdict or '-':5}{line.name:68.68} {measured} {_target(line):>16}{note}"


def _target(line: measuring.Line) -> str:
    if line.at_most is not None:
        return f"at most {_figure(line.at_most)}"
    return f"at least {_figure(line.at_least)}" if line.at_least is not None else ""


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _keep(lines: list[measuring.Line], how: measuring.How, load: float) -> Path:
    now = datetime.now(UTC)
    path = HERE / "results" / f"{now:%Y%m%dT%H%M%SZ}.json"
    path.parent.mkdir(exist_ok=True)
    body = {
        "at": now.isoformat(),
        "quick": how.quick,
        "machine": {
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "load_before": load,
        },
        "lines": [
            {
                "subject": line.subject, "name": line.name.strip(), "unit": line.unit, "median": line.median,
                "min": min(line.samples), "max": max(line.samples), "runs": len(line.samples),
                "at_most": line.at_most, "at_least": line.at_least, "verdict": line.verdict or None,
                "samples": list(line.samples), "baseline": list(line.baseline), "note": line.note,
            }
            for line in lines
        ],
    }  # fmt: skip
    path.write_text(json.dumps(body, indent=1) + "\n")
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
