"""All that is mutated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fuzz.calls import ANSWER, CALLS, DAKOTA
from fuzz.messages import message_kinds
from fuzz.mutating import Kind
from fuzz.option_files import option_kinds
from fuzz.results import RESULT_LINE, TAB_LINE
from fuzz.scenarios import OVERRIDE, TOML
from fuzz.smac2_runs import smac2_run_kinds
from fuzz.spaces import PCS_FILE, PCS_LINE


@contextmanager
def all_kinds(folder: Path) -> Iterator[list[Kind]]:
    """Yield all kinds; files are read and written in the folder, which is the working directory."""
    with message_kinds() as messages:
        results, spaces, scenarios = (RESULT_LINE, TAB_LINE), (PCS_LINE, PCS_FILE), (TOML, OVERRIDE)
        of_smac2 = (*option_kinds(folder), *smac2_run_kinds())
        yield [*results, *spaces, *scenarios, *of_smac2, *CALLS, DAKOTA, ANSWER, *messages]
