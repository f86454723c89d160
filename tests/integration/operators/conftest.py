from __future__ import annotations

from tests.services import mails, postgres, s3, web

__all__ = ["mails", "postgres", "s3", "web"]
