"""The HTTP surface: one table of declared routes under /api/v1, and what stands between the socket and them."""
