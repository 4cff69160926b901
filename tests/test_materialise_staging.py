"""Inputs put into the run folder, materialised files beside them, and archives that would leave it."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from boxwright.errors import ScenarioError
from boxwright.materialise import Plan, PlannedFile, Stage, write_plan
from boxwright.materialise.archive import ArchiveError, probe_archive, unpack_archive


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    path.mkdir()
    return path


def write(folder: Path, *stages: Stage, **files: PlannedFile) -> None:
    write_plan(Plan((), {}, {}, files=files, stages=stages), folder)


def test_input_is_linked_or_copied(tmp_path: Path, folder: Path) -> None:
    source = tmp_path / "data.bin"
    source.write_bytes(b"12")
    write(folder, Stage(source, "a/linked", "link"), Stage(source, "copied", "copy"))
    assert (folder / "a" / "linked").stat().st_ino == source.stat().st_ino
    assert (folder / "copied").stat().st_ino != source.stat().st_ino
    assert (folder / "copied").read_bytes() == b"12"


def test_input_is_copied_where_it_cannot_be_linked(folder: Path) -> None:
    write(folder, Stage(Path("/proc/version"), "version", "link"))
    assert (folder / "version").read_text().startswith("Linux")


def test_link_to_an_input_is_followed(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "data").write_text("x")
    (tmp_path / "alias").symlink_to("data")
    write(folder, Stage(tmp_path / "alias", "a", "link"))
    assert not (folder / "a").is_symlink()


@pytest.mark.parametrize("mode", ["link", "copy"])
def test_folder_is_staged_with_its_links_pointing_where_they_did(tmp_path: Path, folder: Path, mode: str) -> None:
    tree = tmp_path / "tree"
    (tree / "sub" / "empty").mkdir(parents=True)
    (tree / "sub" / "a b\n'é").write_text("x")
    (tree / "loop").symlink_to(".")
    (tree / "sub" / "up").symlink_to("../../outside")
    (tmp_path / "outside").write_text("y")
    os.mkfifo(tree / "pipe")
    write(folder, Stage(tree, "t", mode))  # type: ignore[arg-type]
    found = folder / "t"
    same_file = (found / "sub" / "a b\n'é").stat().st_ino == (tree / "sub" / "a b\n'é").stat().st_ino
    assert same_file == (mode == "link")
    assert (found / "sub" / "empty").is_dir()
    assert (found / "sub" / "up").read_text() == "y"
    assert (found / "loop").readlink() == tree
    assert not (found / "pipe").exists()


def test_materialised_file_replaces_a_linked_input_and_not_its_original(tmp_path: Path, folder: Path) -> None:
    source = tmp_path / "train.py"
    source.write_text("original")
    write(folder, Stage(source, "train.py", "link"), **{"train.py": PlannedFile(b"rendered", executable=True)})
    assert source.read_text() == "original"
    assert (folder / "train.py").read_text() == "rendered"
    assert (folder / "train.py").stat().st_mode & stat.S_IXUSR


def test_input_that_vanished_is_the_systems_error(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write(folder, Stage(tmp_path / "gone", "a", "link"))


# ---------------------------------------------------------------------------------------------- archives


def make_tar(path: Path, fill: Callable[[tarfile.TarFile], None], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        fill(archive)
    return path


def add(archive: tarfile.TarFile, name: str, content: bytes = b"x", **fields: object) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for field, value in fields.items():
        setattr(member, field, value)
    archive.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst", "zip"])
def test_archive_is_unpacked(tmp_path: Path, folder: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    if ending == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("sub/", b"")
            archive.writestr("sub/a.txt", b"x")
            tool = zipfile.ZipInfo("sub/tool")
            tool.external_attr = 0o100755 << 16
            archive.writestr(tool, b"x")
    else:
        packed = {"gz": "gz", "bz2": "bz2", "xz": "xz"}.get(ending.rpartition(".")[2], "")

        def fill(archive: tarfile.TarFile) -> None:
            add(archive, "./sub/a.txt")
            add(archive, "sub/tool", mode=0o755)
            add(archive, "sub/alias", b"", type=tarfile.SYMTYPE, linkname="../sub/a.txt")

        make_tar(path, fill, f"w:{packed}")
        if ending == "tar.zst":
            path.write_bytes(zstandard.compress(path.read_bytes()))
    probe_archive(path)
    write(folder, Stage(path, "in/here", "archive"))
    assert (folder / "in/here/sub/a.txt").read_bytes() == b"x"
    assert os.access(folder / "in/here/sub/tool", os.X_OK)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("../evil", {}, '"../evil" would leave the run folder'),
        ("/tmp/evil", {}, '"/tmp/evil" would leave the run folder'),
        ("a/../../evil", {}, '"a/../../evil" would leave the run folder'),
        ("l", {"type": tarfile.SYMTYPE, "linkname": "/etc"}, '"l" links out of the run folder, to "/etc"'),
        ("a/l", {"type": tarfile.SYMTYPE, "linkname": "../../x"}, '"a/l" links out of the run folder'),
        ("l", {"type": tarfile.LNKTYPE, "linkname": "../x"}, '"l" links out of the run folder'),
        ("d", {"type": tarfile.CHRTYPE}, "is a special file"),
    ],
)
def test_tar_that_would_leave_the_folder_is_refused(
    tmp_path: Path, folder: Path, name: str, fields: dict[str, object], message: str
) -> None:
    path = make_tar(tmp_path / "evil.tar", lambda archive: add(archive, name, b"", **fields))
    with pytest.raises(ScenarioError) as caught:
        write(folder, Stage(path, ".", "archive"))
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert {entry.name for entry in tmp_path.iterdir()} == {"run", "evil.tar"}


def test_zip_that_would_leave_the_folder_is_refused(tmp_path: Path, folder: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    for name in ("../evil", "/evil", link):
        path = tmp_path / "evil.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, b"/etc")
        with pytest.raises(ArchiveError, match=r"would leave|is a link"):
            unpack_archive(path, folder)
        assert list(folder.iterdir()) == []


def test_archive_that_grows_out_of_proportion_is_refused(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"x")
    content = bytearray(path.read_bytes())
    header = content.index(b"PK\x01\x02")  # the directory entry; its true size stands 24 bytes in
    content[header + 24 : header + 28] = (2**31).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"unpacks to more than 1073741824 bytes"):
        unpack_archive(path, folder)


@pytest.mark.parametrize(
    "content", [b"", b"no archive", b"\x28\xb5\x2f\xfdbroken", b"PK\x03\x04broken", b"\x1f\x8bbroken"]
)
def test_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r'^"a\.tar" cannot be unpacked: '):
        probe_archive(path)
