"""``report``: a study as one HTML file, or printed as PDF."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from boxwright.commands.opening import open_source
from boxwright.errors import UserError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PRINT_S = 120


def write_report(study: str | Path, out: str | Path | None = None, *, pdf: bool = False, force: bool = False) -> Path:
    """Write a study as one file that stands alone: in words, with charts, tables, the scenario and versions.

    Args:
        study: The study folder.
        out: The file to make; beside the study, by its name, if None.
        pdf: Print it as PDF, with Chromium.
        force: Replace what is there.

    Returns:
        The file.

    Raises:
        UserError: The folder is no study, a library or Chromium is missing, or the file cannot be written.
    """
    from boxwright.report.document import report_html

    source = open_source(study)
    path = Path(out) if out is not None else Path(f"{source.folder}{'.pdf' if pdf else '.html'}")
    if os.path.lexists(path) and not force:
        raise UserError("exists already. Give another one with --out, or --force to replace it.", place=str(path))
    browser = _browser() if pdf else None
    with source.store:
        text = report_html(source)
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        if browser is None:
            draft.write_text(text, encoding="utf-8")
        else:
            _print(browser, text, draft)
        draft.replace(path)
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror or error}.", place=str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    return path.absolute()


def report_command(study: str, out: str | None, *, pdf: bool, force: bool) -> int:
    """Do ``boxwright report``."""
    sys.stdout.write(f"{write_report(study, out, pdf=pdf, force=force)}\n")
    return 0


def _browser() -> str:
    for name in _BROWSERS:
        if found := shutil.which(name):
            return found
    raise UserError("no Chromium is found, which prints it. Leave --pdf out, and print the page.", place="--pdf")


def _print(browser: str, text: str, path: Path) -> None:
    """Let a browser without a window, and with a profile of its own, print the page.

    Raises:
        UserError: It does not.
    """
    with tempfile.TemporaryDirectory(prefix="boxwright-report-") as folder:
        page = Path(folder, "report.html")
        page.write_text(text, encoding="utf-8")
        words = [
            browser,
            "--headless",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile",
            "--window-size=1040,1400",  # as wide as the page ever is: its style for print makes that fit the paper
        ]
        # The page is our own and its policy lets nothing else run; as root, Chromium has no sandbox to offer.
        words += ["--no-sandbox"] if os.geteuid() == 0 else []
        words += ["--virtual-time-budget=30000", f"--print-to-pdf={path.absolute()}", page.as_uri()]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=_PRINT_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise UserError(f"Chromium has not printed it within {_PRINT_S} s.", place="--pdf") from error
    if done.returncode or not path.exists():
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UserError(f"Chromium has not printed it: {last}", place="--pdf")
