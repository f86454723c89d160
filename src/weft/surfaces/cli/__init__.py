"""The command line. Commands are loaded when they are called, so that help and completion come at once."""

from __future__ import annotations


def main() -> None:
    """Run the command line of this process and exit with its code."""
    from weft.surfaces.cli import program

    raise SystemExit(program.run())
