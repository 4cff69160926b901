"""The README is run: its commands in order, in an empty folder, and what they print is compared."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def conversations(text: str) -> list[tuple[str, str]]:
    """Return the commands of all console blocks, each with what it should print; ``…`` stands for anything."""
    found = []
    for block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            found.append((command.split("  #")[0].strip(), expected))
    return found


def matches(expected: str, printed: str) -> bool:
    pattern = ".*".join(re.escape(piece) for piece in re.split(r"\s*…\s*", expected.strip()))
    return re.fullmatch(re.sub(r"(\\ )+", r"\\s+", pattern), printed.strip(), re.DOTALL) is not None


@pytest.mark.slow
def test_readme_commands_do_what_the_readme_says(tmp_path: Path) -> None:
    readme = Path(__file__).resolve().parent.parent / "README.md"
    if not readme.exists():
        pytest.skip("the tests run away from the sources: no README here")
    commands = [(c, e) for c, e in conversations(readme.read_text("utf-8")) if c.startswith("boxwright ")]
    assert len(commands) >= 8
    for command, expected in commands:
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(command)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert matches(expected, done.stdout), f"{command} printed:\n{done.stdout}\ninstead of:\n{expected}"


def test_matching_notices_a_difference() -> None:
    assert matches("a …\nb 1", "a x y\nb   1\n")
    assert not matches("a …\nb 1", "a x y\nb 2\n")
    assert not matches("a", "a\nmore")
