from __future__ import annotations

import pytest
from tests.services import mails, postgres, s3, sftp, web

from weft.connections import places

__all__ = ["mails", "postgres", "s3", "sftp", "web"]


@pytest.fixture(autouse=True)
def _no_project_of_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier test of this process may have loaded a project, which then says where connections and venvs are."""
    monkeypatch.setattr(places, "_settled", [])
