"""Definitions: `@asset` and its kin, and `build`, which makes one checked graph of them."""
