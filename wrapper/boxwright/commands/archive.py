"""``archive``: a study, or its best runs, as one file to take along."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from boxwright.commands.opening import open_study
from boxwright.errors import UserError
from boxwright.terms import config_key

if TYPE_CHECKING:
    from boxwright.store.database import Store
    from boxwright.store.records import RunRecord

_STUDY_FILES = (
    "scenario.toml",
    "space.json",
    "design.csv",
    "warm_start.jsonl",
    "results.csv",
    "reports.jsonl",
    "study.log",
)
_SUFFIXES = (".tar.zst", ".tar.gz", ".zip")


def archive(study: str | Path, target: str | Path | None = None, *, best: int | None = None) -> Path:
    """Pack the runs of a study into one file; nothing of the study is changed.

    Args:
        study: The study folder.
        target: The file to make, by its suffix .tar.zst, .tar.gz or .zip; ``<study>.tar.zst`` if None.
        best: Only the successful runs of least cost, so many; in a noisy study those of so many configurations.

    Returns:
        The file.

    Raises:
        UserError: The folder is no study, or the target cannot be made.
    """
    opened = open_study(study)
    path = Path(target) if target is not None else Path(f"{opened.folder}.tar.zst")
    if not path.name.endswith(_SUFFIXES):
        raise UserError(f"no kind of archive that is known. Known: {', '.join(_SUFFIXES)}.", place=str(path))
    if os.path.lexists(path):
        raise UserError("exists already. Give another name.", place=str(path))
    with opened.store as store:
        records = [record for record in store.runs() if record.status != "RUNNING"]
        if best is not None:
            records = _best(store, records, best)
    draft = path.with_name(f".{path.name}.new")
    try:
        with draft.open("wb") as file:
            _pack(file, path.name, opened.folder, records)
        draft.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        if not isinstance(error, OSError):
            raise
        raise UserError(f"cannot be written: {error.strerror or error}.", place=str(path)) from error
    return path.absolute()


def _best(store: Store, records: list[RunRecord], most: int) -> list[RunRecord]:
    """Return the best of the runs that count, or in a noisy study all such runs of the best configurations."""
    counting = [record for record in records if record.settles and record.cost is not None]
    if not store.is_noisy:
        return sorted(counting, key=lambda record: (record.cost or 0.0, record.run))[:most]
    best = {config_key(config.config) for config in store.by_config().ranked(most)}
    return [record for record in counting if config_key(record.config) in best]


def archive_command(study: str, target: str | None, *, best: int | None) -> int:
    """Do ``boxwright archive``."""
    sys.stdout.write(f"{archive(study, target, best=best)}\n")
    return 0


def _members(folder: Path, records: list[RunRecord]) -> Iterator[Path]:
    """Yield the files to pack; links are left out, since they may lead out of the study."""
    from boxwright.store.contents import is_regular, regular_files

    for name in _STUDY_FILES:
        if is_regular(folder / name):
            yield folder / name
    for record in records:
        for root in (Path(record.folder), folder / "outputs" / Path(record.folder).relative_to(folder / "runs")):
            yield from regular_files(folder, root)


def _pack(file: IO[bytes], name: str, folder: Path, records: list[RunRecord]) -> None:
    if name.endswith(".zip"):
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as packed:
            for path in _members(folder, records):
                # Names in a zip file are UTF-8; other bytes of a name are shown as \\udcff.
                member = f"{folder.name}/{path.relative_to(folder)}".encode("utf-8", "backslashreplace")
                packed.write(path, member.decode("utf-8"))
        return
    with _stream(file, name) as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
        for path in _members(folder, records):
            tar.add(path, f"{folder.name}/{path.relative_to(folder)}", recursive=False)


@contextmanager
def _stream(file: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    if name.endswith(".zst"):
        import zstandard

        with zstandard.ZstdCompressor(level=10).stream_writer(file, closefd=False) as stream:
            yield cast(IO[bytes], stream)
        return
    import gzip

    with gzip.GzipFile(fileobj=file, mode="wb") as packed:
        yield cast(io.BufferedIOBase, packed)  # type: ignore[misc]
