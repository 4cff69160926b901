"""Where a study is uploaded to: one folder of whatever fsspec knows."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from boxwright.errors import ScenarioError, one_line

_DRAFT = ".uploading"


def check_target(to: str, place: str) -> None:
    """Refuse a target that could never be written to, before anything is done; nothing is connected to.

    Args:
        to: What the scenario says.
        place: Where it says so.

    Raises:
        ScenarioError: It is no URL, nobody knows its scheme, or the library for it is not installed.
    """
    scheme = urlsplit(to).scheme
    if "://" not in to or not scheme:
        raise ScenarioError(f'"{to}" is no URL. Write s3://bucket/folder or file:///folder.', place=place)
    if scheme == "file" and not to.startswith("file:///"):
        raise ScenarioError(f'"{to}" names no absolute path. Write file:///folder.', place=place)
    from fsspec import get_filesystem_class

    try:
        get_filesystem_class(scheme)
    except ImportError as error:
        raise ScenarioError(f"{scheme}:// cannot be used here: {one_line(str(error))}.", place=place) from error
    except ValueError as error:
        raise ScenarioError(f'"{scheme}" is nothing that fsspec knows.', place=place) from error


class Target:
    """The folder of one study there.

    Args:
        to: What the scenario says.
        name: The study's own folder in it.
    """

    def __init__(self, to: str, name: str) -> None:
        self.url = f"{to.rstrip('/')}/{name}"
        self._name = name
        self._to = to
        self._found: tuple[Any, str] | None = None

    def put(self, file: Path, remote: str) -> None:
        """Upload a file.

        Args:
            file: What is uploaded.
            remote: Its path in the study's folder there.

        Raises:
            Exception: Whatever the library has against it.
        """
        system, root = self._connected()
        path = f"{root}/{remote}"
        if self._to.startswith("file:"):
            # An object appears whole or not at all; a file is given its name when it is.
            final = Path(path)
            final.parent.mkdir(parents=True, exist_ok=True)
            draft = final.with_name(_DRAFT)
            shutil.copyfile(file, draft)
            draft.replace(final)
            return
        system.put_file(str(file), path)

    def _connected(self) -> tuple[Any, str]:
        if self._found is None:
            from fsspec.core import url_to_fs

            system, root = url_to_fs(self._to)
            self._found = system, f"{root.rstrip('/')}/{self._name}"
        return self._found
