from __future__ import annotations

from tests.services import mails, postgres, s3, sftp, web

__all__ = ["mails", "postgres", "s3", "sftp", "web"]
