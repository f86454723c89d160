"""The cloth: each asset and pipeline a thread, time across: a tear and what it tore below stand in one column."""
