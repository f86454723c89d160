"""Attempts at tasks: arguments, templates, validation, cache keys, the body, its result and its hooks."""
