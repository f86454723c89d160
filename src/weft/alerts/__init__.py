"""Channels: how people are told of an incident. What is told, and whether, is decided elsewhere."""
