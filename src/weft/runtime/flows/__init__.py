"""Flows as they run: calls as step runs of one open run, on the engine, driver and executors of all pipelines."""
