"""Fixtures for pytest, loaded by its entry point."""
