"""The studies that a server shows, and how a request finds the one that it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request

from boxwright.serve.access import Access
from boxwright.serve.desk import Desk
from boxwright.serve.watch import Watch
from boxwright.store.records import RunRecord


class Studies:
    """What a server shows and who may see it.

    Args:
        folders: The study folders.
        access: Who may come in.

    Raises:
        UserError: One of them is no study.
    """

    def __init__(self, folders: Sequence[Path], access: Access) -> None:
        self.access = access
        self.desks: dict[str, Desk] = {}
        for folder in dict.fromkeys(folder.absolute() for folder in folders):
            key = _key(folder.name, self.desks)
            self.desks[key] = Desk(key, folder)
        self.watch = Watch(list(self.desks.values()))

    def close(self) -> None:
        """Free what is held."""
        for desk in self.desks.values():
            desk.close()


def _key(name: str, taken: dict[str, Desk]) -> str:
    """Return a study's name in addresses: short, plain, and its own."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:40].strip("-.") or "study"
    numbered = (plain if number == 1 else f"{plain}-{number}" for number in range(1, len(taken) + 2))
    return next(key for key in numbered if key not in taken)


def studies_of(request: Request) -> Studies:
    """Return what the server of a request shows."""
    studies: Studies = request.app.state.studies
    return studies


def desk_of(request: Request) -> Desk:
    """Return the study that a request is about, as it is now.

    Raises:
        HTTPException: There is none of that name.
        StudyError: It cannot be read.
    """
    studies = studies_of(request)
    desk = studies.desks.get(request.path_params["study"])
    if desk is None:
        raise HTTPException(404, "There is no such study here.")
    desk.refresh()
    if request.headers.get("x-look") == "last":
        studies.watch.have_looked()
    elif request.headers.get("sec-fetch-mode") == "navigate":
        studies.watch.expect()
    return desk


def run_of(desk: Desk, request: Request) -> RunRecord:
    """Return the run that a request is about.

    Raises:
        HTTPException: There is none of that number.
    """
    return find_run(desk, request.path_params["run"])


def find_run(desk: Desk, text: object) -> RunRecord:
    """Return a run by the text of its number.

    Raises:
        HTTPException: It is no number of a run.
    """
    number = str(text)
    if number.isascii() and number.isdigit() and len(number) < 19:
        record = desk.run(int(number))
        if record is not None:
            return record
    raise HTTPException(404, "There is no such run.")
