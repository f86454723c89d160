"""Who may use a server, and what they did: accounts, sessions, tokens, the audit log."""
