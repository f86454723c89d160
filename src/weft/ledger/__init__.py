"""The ledger's rules, without any store: how events are written down, and how tables are folded from them."""
