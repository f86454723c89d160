"""The cloth: every asset and pipeline a thread, time across, so that a tear and what it tore below stand in one column."""
