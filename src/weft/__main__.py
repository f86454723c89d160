"""`python -m weft` is the command `weft`."""

from __future__ import annotations

from weft.surfaces import cli

if __name__ == "__main__":
    cli.main()
