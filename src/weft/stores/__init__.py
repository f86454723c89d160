"""Ledger adapters: SQLite, on disk or in memory."""
