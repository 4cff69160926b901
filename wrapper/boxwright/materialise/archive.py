"""Unpacks archives without leaving the folder: tar (plain, gz, bz2, xz, zst) and zip.

Refused: absolute names and ``..``, links that point out of the folder, devices, and archives that grow out of all
proportion (a "zip bomb").
"""

from __future__ import annotations

import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

MAX_MEMBERS = 1_000_000
MAX_GROWTH = 1000
MIN_LIMIT_BYTES = 1 << 30
"""An archive may grow to a thousand times its size, and to 1 GiB in any case."""

_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    NotImplementedError,
)


class ArchiveError(Exception):
    """An archive cannot be unpacked, or must not be.

    Attributes:
        archive: The file.
    """

    def __init__(self, archive: Path, problem: str) -> None:
        self.archive = str(archive)
        super().__init__(problem)


def probe_archive(source: Path) -> None:
    """Open an archive and read its first member.

    Raises:
        ArchiveError: It is none.
    """
    with _told(source):
        if zipfile.is_zipfile(source):
            return
        with _open_tar(source) as archive:
            archive.next()


def unpack_archive(source: Path, folder: Path) -> None:
    """Unpack an archive into a folder, which is made if need be.

    Raises:
        ArchiveError: It is broken, or a member would leave the folder or fill the disk.
        OSError: The system refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    limit_bytes = max(MIN_LIMIT_BYTES, source.stat().st_size * MAX_GROWTH)
    with _told(source):
        if zipfile.is_zipfile(source):
            _unpack_zip(source, folder, limit_bytes)
        else:
            _unpack_tar(source, folder, limit_bytes)


@contextmanager
def _told(source: Path) -> Iterator[None]:
    from zstandard import ZstdError

    try:
        yield
    except (*_BROKEN, ZstdError) as error:
        raise ArchiveError(source, f'"{source.name}" cannot be unpacked: {error or type(error).__name__}') from error


@contextmanager
def _open_tar(source: Path) -> Iterator[tarfile.TarFile]:
    """Open a tar archive to be read once, from start to end."""
    with source.open("rb") as stream:
        if stream.read(4) == b"\x28\xb5\x2f\xfd":
            from zstandard import ZstdDecompressor

            stream.seek(0)
            with (
                ZstdDecompressor().stream_reader(stream) as plain,
                tarfile.open(fileobj=plain, mode="r|") as archive,
            ):
                yield archive
            return
        stream.seek(0)
        with tarfile.open(fileobj=stream, mode="r|*") as archive:
            yield archive


def _unpack_tar(source: Path, folder: Path, limit_bytes: int) -> None:
    total_bytes = 0
    with _open_tar(source) as archive:
        for count, member in enumerate(archive, start=1):
            total_bytes += member.size
            _check_size(source, count, total_bytes, limit_bytes)
            _check_name(source, member.name)
            if member.issym() or member.islnk():
                base = PurePosixPath(member.name).parent if member.issym() else PurePosixPath()
                _check_link(source, member.name, base / member.linkname)
            archive.extract(member, folder, filter="data")


def _unpack_zip(source: Path, folder: Path, limit_bytes: int) -> None:
    total_bytes = 0
    with zipfile.ZipFile(source) as archive:
        for count, member in enumerate(archive.infolist(), start=1):
            total_bytes += member.file_size
            _check_size(source, count, total_bytes, limit_bytes)
            _check_name(source, member.filename)
            mode = member.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise ArchiveError(source, f'"{member.filename}" is a link or a device. Pack ordinary files.')
            if member.flag_bits & 1:
                raise ArchiveError(source, f'"{member.filename}" is encrypted. Pack it without a password.')
            target = folder / member.filename
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as packed, target.open("xb") as plain:
                shutil.copyfileobj(packed, plain)
            if mode & stat.S_IXUSR:
                target.chmod(0o755)


def _check_size(source: Path, count: int, total_bytes: int, limit_bytes: int) -> None:
    if count > MAX_MEMBERS or total_bytes > limit_bytes:
        problem = f"unpacks to more than {limit_bytes} bytes or {MAX_MEMBERS} files. Unpack it yourself, and link it."
        raise ArchiveError(source, problem)


def _check_name(source: Path, name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise ArchiveError(source, f'"{name}" would leave the run folder. Pack with relative names.')


def _check_link(source: Path, name: str, goal: PurePosixPath) -> None:
    """Refuse a link whose goal lies outside, by its text alone (tarfile's own filter looks at the disk)."""
    if goal.is_absolute() or os.path.normpath(goal).startswith(".."):
        raise ArchiveError(source, f'"{name}" links out of the run folder, to "{goal}"')
