"""``serve``: the live page of studies, until Ctrl-C."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from boxwright.errors import UserError

_NEEDED = ("starlette", "uvicorn", "plotly")
_PATIENCE_S = 15.0
"""More than the page's server takes to end."""


def serve_page(
    studies: Sequence[str | Path],
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_to_network: bool = False,
    say: Callable[[str], None] = print,
    until_eof: bool = False,
) -> None:
    """Serve the live page of studies until it is interrupted.

    Args:
        studies: The study folders.
        host: Address to listen on.
        port: Where; the first free one from 8650 on if None.
        open_to_network: Whether the address may be one that other machines reach.
        say: Takes the link that opens the page once.
        until_eof: Whether to end once stdin does.

    Raises:
        UserError: A folder is no study, an extra is not installed, or the address cannot be had.
    """
    refuse_missing_extra()
    from boxwright.serve.server import serve

    folders = [Path(study) for study in studies]
    serve(folders, host=host, port=port, open_to_network=open_to_network, say=say, until_eof=until_eof)


def refuse_missing_extra() -> None:
    """Refuse to begin without the packages that the page needs.

    Raises:
        UserError: One is missing.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"the page needs {', '.join(missing)}. Install them: pip install 'boxwright[serve]'")


def serve_command(
    studies: Sequence[str], *, host: str, port: int | None, open_to_network: bool, until_eof: bool
) -> int:
    """Do ``boxwright serve``: the link goes to stdout."""

    def say(link: str) -> None:
        sys.stdout.write(f"{link}\n")
        sys.stdout.flush()
        if not until_eof:
            sys.stderr.write("opens the page once, in one browser; Ctrl-C ends it\n")

    if open_to_network:
        sys.stderr.write("other machines may reach this page, and what goes over the network is not encrypted\n")
    with suppress(KeyboardInterrupt):
        serve_page(studies, host=host, port=port, open_to_network=open_to_network, say=say, until_eof=until_eof)
    return 0


@contextmanager
def page_beside(study: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Serve the page of a study from a process of its own, which ends with this one, however that ends.

    Args:
        study: The study folder.
        say: Takes the line with the link.

    Raises:
        UserError: An extra is not installed.
    """
    refuse_missing_extra()
    words = [sys.executable, "-m", "boxwright", "serve", "--until-eof", str(study)]
    # In a session of its own, so that Ctrl-C, which asks the study to stop, does not close the page.
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        link = process.stdout.readline().strip()
        say(f"page: {link}" if link else "the page could not be started; the study goes on without it")
        try:
            yield
            process.stdin.close()  # it shows whoever is watching how the study ended
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE_S)
        finally:
            process.terminate()
