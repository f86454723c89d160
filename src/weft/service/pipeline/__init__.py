"""Pipelines of every kind, flows among them: their intervals, their parameters, and runs of them."""
