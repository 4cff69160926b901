"""What tests of uploads share: a real S3 server on this machine that can be stopped."""

from __future__ import annotations

import csv
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import PATIENCE_S


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds; fail with these words if it never does."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def rows(path: Path) -> list[str]:
    """Return the runs in a ``results.csv``."""
    with path.open(newline="") as file:
        return [row["run"] for row in csv.DictReader(file)]


class S3Server:
    """moto's server as a process of its own; it forgets all that it has when it is stopped."""

    def __init__(self) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start it, with an empty bucket."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
        )
        wait_until(self._answers, "the S3 server never answered")
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/bucket", method="PUT"), timeout=30).close()

    def stop(self) -> None:
        """End it as a machine that fails would."""
        self.process.kill()
        self.process.wait()

    def objects(self, folder: str) -> dict[str, bytes]:
        """Return what lies below a folder, by its path there."""
        import fsspec

        there = fsspec.filesystem("s3", endpoint_url=self.url, skip_instance_cache=True)
        return {path.removeprefix(f"{folder}/"): there.cat_file(path) for path in there.find(folder)}

    def _answers(self) -> bool:
        assert self.process.poll() is None
        try:
            urllib.request.urlopen(self.url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            return False
        return True


@pytest.fixture
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """A server that speaks S3, with a bucket; what starts from here finds it."""
    pytest.importorskip("moto")
    pytest.importorskip("s3fs")
    server = S3Server()
    for name, value in {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        yield server
    finally:
        server.stop()
