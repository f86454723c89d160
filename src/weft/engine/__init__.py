"""The engine: how one run proceeds, event by event. Pure: the driver tells it what happened and does what it commands.

`network` numbers step runs and knows which wait for which: compiled from a plan of assets, or by `tasks` from a
pipeline. `transitions` has the one table of moves, `run` applies it; `rules` says what ends above a step run mean for
it, `spreading` carries them on, `growing` adds what is only known under way. `replay` finds out from the log where a
run stood.
"""
