"""Transfers that are interrupted, of big files, by SFTP, and of what must not be copied."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.services import FileServer, ObjectStore

from weft.connections import probing
from weft.connections.connection import Connection
from weft.model import errors
from weft.operators import transfer, transfers, wait_for_file

PEAK = "Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0]"
"""The most memory that a process had, in KiB; what `resource` says counts that of its parent."""


@pytest.fixture
def lake(s3: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket `hard`, under the connection `lake`."""
    monkeypatch.setenv("WEFT_CONN_LAKE", s3.uri)
    files = s3.files()
    if files.exists("hard"):
        files.rm("hard", recursive=True)
    files.invalidate_cache()
    files.mkdir("hard")
    yield files
    files.invalidate_cache()


@pytest.mark.parametrize("size", [1_000, 30_000_000])
def test_an_interrupted_copy_makes_no_object_and_leaves_the_old_one(
    lake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    (tmp_path / "a").write_bytes(b"x" * size)
    lake.pipe_file("hard/old", b"old")
    monkeypatch.setattr(transfers, "_CHUNK", size // 2)
    real = transfers.hashlib.sha256

    class Breaking:
        def __init__(self) -> None:
            self.left = 1

        def update(self, chunk: bytes) -> None:
            if not self.left:
                raise ConnectionResetError("the source broke off")
            self.left -= 1

    monkeypatch.setattr(transfers.hashlib, "sha256", Breaking)
    for name in ("old", "new"):
        with pytest.raises(ConnectionResetError):
            transfer(str(tmp_path / "a"), f"s3://hard/{name}", connection="lake")
    monkeypatch.setattr(transfers.hashlib, "sha256", real)
    lake.invalidate_cache()
    assert lake.find("hard") == ["hard/old"]
    assert lake.cat_file("hard/old") == b"old"


def test_a_name_in_an_object_store_can_not_lead_out_of_the_destination(lake: Any, tmp_path: Path) -> None:
    lake.call_s3("put_object", Bucket="hard", Key="in/../../evil.txt", Body=b"x")
    with pytest.raises(errors.UsageError, match="leads out of"):
        transfer("s3://hard/in/", f"{tmp_path}/out/", connection="lake")
    assert not list(tmp_path.rglob("evil.txt"))


def test_the_marker_of_a_folder_in_an_object_store_is_no_file(lake: Any, tmp_path: Path) -> None:
    lake.call_s3("put_object", Bucket="hard", Key="in/", Body=b"")
    lake.call_s3("put_object", Bucket="hard", Key="in/a.csv", Body=b"a")
    transfer("s3://hard/in/", f"{tmp_path}/out/", connection="lake")
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["a.csv"]


def test_files_that_another_process_made_meanwhile_are_seen(lake: Any, tmp_path: Path, s3: ObjectStore) -> None:
    lake.pipe_file("hard/in/a", b"a")
    assert len(transfer("s3://hard/in/", f"{tmp_path}/out/", connection="lake")["files"]) == 1
    code = f"import fsspec; fsspec.filesystem('s3', **{s3.options!r}).pipe_file('hard/in/b', b'b')"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert len(transfer("s3://hard/in/", f"{tmp_path}/out/", connection="lake")["files"]) == 2


def test_a_file_is_not_moved_onto_itself(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(errors.UsageError, match="copied onto itself"):
        transfer(str(tmp_path / "a"), f"{tmp_path}/./a", move=True)
    assert (tmp_path / "a").read_text() == "x"


def test_what_was_skipped_is_not_removed_by_a_move(tmp_path: Path) -> None:
    for name in ("in/a", "in/b", "out/a"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    transfer(f"{tmp_path}/in/", f"{tmp_path}/out/", existing="skip", move=True)
    assert [each.name for each in (tmp_path / "in").iterdir()] == ["a"]
    assert (tmp_path / "out" / "a").read_text() == "out/a"
    assert (tmp_path / "out" / "b").read_text() == "in/b"


@pytest.mark.slow
def test_a_gigabyte_is_copied_in_little_memory(tmp_path: Path, sftp: FileServer) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(1 << 30)
    code = (
        "from pathlib import Path; from weft.operators import transfer\n"
        f"transfer({str(tmp_path / 'big')!r}, {str(tmp_path / 'copy')!r}, check='hash')\n"
        f"print({PEAK})"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert (tmp_path / "copy").stat().st_size == 1 << 30
    assert int(said.split()[-1]) < 200_000  # KiB


@pytest.mark.slow
def test_a_big_object_is_copied_in_little_memory(tmp_path: Path, s3: ObjectStore, lake: Any) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(300 << 20)
    code = (
        "from pathlib import Path; from weft.operators import transfer\n"
        f"transfer({str(tmp_path / 'big')!r}, 's3://hard/big', connection='lake')\n"
        f"transfer('s3://hard/big', {str(tmp_path / 'copy')!r}, connection='lake')\n"
        f"print({PEAK})"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert (tmp_path / "copy").stat().st_size == 300 << 20
    assert int(said.split()[-1]) < 450_000  # KiB: boto's parts are of 50 MB


# --- SFTP -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def remote(sftp: FileServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an SFTP server, under the connection `remote`."""
    monkeypatch.setenv("WEFT_CONN_REMOTE", sftp.uri)
    return sftp.folder


def test_files_go_by_sftp_and_back(remote: Path, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4_000
    for name in ("in/a.bin", "in/deep/b.bin"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    transfer(f"{tmp_path}/in/", "sftp:///up/in/", connection="remote", check="hash")
    assert (remote / "up/in/deep/b.bin").read_bytes() == content
    assert sorted(each.name for each in (remote / "up/in").iterdir()) == ["a.bin", "deep"]
    transfer("sftp:///up/in/*.bin", f"{tmp_path}/down/", connection="remote", check="hash")
    assert (tmp_path / "down/a.bin").read_bytes() == content
    transfer(f"{tmp_path}/in/a.bin", "sftp:///up/in/a.bin", connection="remote")  # over one that is there
    assert transfer("sftp:///up/in/a.bin", "sftp:///up/moved.bin", connection="remote", move=True)["bytes"] == len(
        content
    )
    assert sorted(each.name for each in (remote / "up").iterdir()) == ["in", "moved.bin"]


def test_a_file_that_was_waited_for_by_sftp_can_be_copied(remote: Path, sftp: FileServer, tmp_path: Path) -> None:
    (remote / "done").write_text("x")
    (found,) = wait_for_file("sftp:///done", connection="remote")
    assert found == f"sftp://me@127.0.0.1:{sftp.port}/done"
    transfer(found, f"{tmp_path}/here", connection="remote")
    assert (tmp_path / "here").read_text() == "x"


def test_a_server_is_only_trusted_with_the_key_that_is_known(
    remote: Path, sftp: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(sftp.known_hosts)
    (remote / "a").write_text("x")
    monkeypatch.setenv("WEFT_CONN_REMOTE", f"{sftp.uri}?known_hosts={known}")
    transfer("sftp:///a", f"{tmp_path}/b", connection="remote")
    known.write_text("")
    with pytest.raises(Exception, match="not found in known_hosts"):
        transfer("sftp:///a", f"{tmp_path}/b", connection="remote")
    monkeypatch.setenv("WEFT_CONN_REMOTE", f"{sftp.uri}?known_hosts=/no/such")
    with pytest.raises(errors.UsageError, match="known hosts '/no/such' can't be read"):
        transfer("sftp:///a", f"{tmp_path}/b", connection="remote")


def test_a_connection_of_sftp_is_tried_and_its_password_not_shown(sftp: FileServer) -> None:
    assert probing.test(Connection.parse("x", sftp.uri)).passed
    wrong = probing.test(Connection.parse("x", sftp.uri.replace("secret-of-sftp", "hidden-away")))
    assert not wrong.passed
    assert "Authentication" in wrong.message
    assert "hidden-away" not in wrong.message


def test_a_url_of_another_server_than_the_connection_is_refused(remote: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="another host than the connection 'remote'"):
        transfer("sftp://elsewhere.example/a", f"{tmp_path}/b", connection="remote")
    with pytest.raises(errors.UsageError, match="Which SFTP server is meant"):
        transfer("sftp:///a", f"{tmp_path}/b")
