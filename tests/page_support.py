"""What tests of the live page share: the server as a process of its own, a client with a session, Chromium."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode, urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = Path("/usr/bin/chromium")


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Server:
    """``boxwright serve`` as a person starts it.

    Args:
        studies: What it shows.
        words: Options.

    Attributes:
        patience_s: Seconds that an answer may take.
    """

    patience_s = 60.0

    def __init__(self, *studies: Path, words: tuple[str, ...] = ("--port", "0")) -> None:
        self.studies = studies
        self.process = subprocess.Popen(
            [sys.executable, "-m", "boxwright", "serve", *map(str, studies), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        link = self.process.stdout.readline().strip()
        if not link:
            raise AssertionError(self.process.communicate())
        self._know(link)

    @classmethod
    def of_link(cls, link: str) -> Server:
        """Return one that somebody else has started, by the link that it has printed."""
        server = cls.__new__(cls)
        server._know(link)
        return server

    def _know(self, link: str) -> None:
        self.link = link
        self.port = urlsplit(self.link).port or 0
        self.base = f"http://127.0.0.1:{self.port}"
        self.cookie = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        said = self.process.communicate(timeout=60)[1]
        assert "Traceback" not in said, said

    def ask(self, path: str, *, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        """Send one request, the path as it is; ``host_`` and the like name headers, an empty one is left out."""
        sent = {"host": f"127.0.0.1:{self.port}", "cookie": self.cookie}
        sent |= {name.strip("_").replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.patience_s)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value:
                    connection.putheader(name, value)
            if body is not None:
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(None if body is None else body.encode())
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def sign_in(self) -> None:
        """Follow the one-time link."""
        answer = self.ask(self.link.removeprefix(self.base))
        assert answer.status == 200, answer
        self.cookie = answer.headers["set-cookie"].partition(";")[0]

    def token(self) -> str:
        """Return the token of the session's forms."""
        found = re.search(r'name="token" value="([^"]+)"', self.ask("/compare").text)
        assert found is not None
        return found[1]

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form as the page does."""
        body = urlencode({"token": self.token(), **fields})
        kind = "application/x-www-form-urlencoded"
        return self.ask(path, method="POST", body=body, origin=self.base, content_type=kind)


def why_no_browser() -> str:
    """Return why there is no browser to test with; empty if there is one."""
    try:
        import axe_playwright_python  # noqa: F401
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright and axe-playwright-python are not both installed"
    return "" if CHROMIUM.exists() else f"no {CHROMIUM}: apt-get install --no-install-recommends chromium"


NO_BROWSER = why_no_browser()
needs_browser = pytest.mark.skipif(bool(NO_BROWSER), reason=f"THE LIVE PAGE IS NOT TESTED IN A BROWSER: {NO_BROWSER}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser."""
    from playwright.sync_api import sync_playwright

    with warnings.catch_warnings(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def is_alive(pid: int) -> bool:
    """Return whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
