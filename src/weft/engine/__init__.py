"""The engine: how one run proceeds, event by event. Pure: the driver tells it what happened and does what it commands.

`network` compiles a plan into numbered step runs and their edges, `transitions` has the one table of moves, `run`
applies it.
"""
