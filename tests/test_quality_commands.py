"""The command line of the benchmark of proposals: a small run, what is gone on with, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

QUALITY = Path(__file__).parent / "benchmarks/quality"
SMALL = ["--problems", "made/flat-wavy", "--peers", "random", "--budget", "3", "--seeds", "1", "--jobs", "1"]


@pytest.fixture(name="cache", scope="module")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def quality(cache: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    package = str(QUALITY.parents[2] / "wrapper")
    env = {**os.environ, "BOXWRIGHT_QUALITY_CACHE": str(cache), "PYTHONPATH": package}
    of_all = [] if words[0] in ("askcost", "paired") else ["--set", "all"]
    command = [sys.executable, str(QUALITY), *map(str, words), *of_all]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=env)


def test_records_are_gone_on_with_where_a_writer_was_killed(cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "records.jsonl"
    done = quality(cache, *SMALL, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "| random" in done.stdout
    (line,) = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(line + line[:50])
    report = quality(cache, "--report", out, "--budget", "3")
    assert (report.returncode, report.stdout) == (0, done.stdout)
    assert out.read_bytes() == line + line[:50]  # a report changes nothing
    again = quality(cache, *SMALL[:-3], "2", "--jobs", "1", "--out", out)
    assert "1 of 2 cells to do" in again.stderr
    first, second = out.read_bytes().splitlines(keepends=True)
    assert first == line
    assert b'"seed":1' in second


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--seeds", "0"], "argument --seeds: '0' is no whole number above 0"),
        (["--budget", "-3"], "argument --budget: '-3' is no whole number above 0"),
        (["--workers", "4", "x"], "argument --workers: 'x' is no whole number above 0"),
        (["--jobs", "0"], "argument --jobs: '0' is no whole number above 0"),
        (["--problems", "nosuch"], "there are no problems of --set all with one of nosuch in their names"),
        (["--peers", "nosuch"], 'no peer "nosuch". Known: boxwright, random, '),
        (["--peers", "boxwright:foo=1"], "boxwright:foo=1: there is no option foo. Known: acquisition, "),
        (["--peers", "boxwright:model=xx"], "boxwright:model=xx: Invalid enum value 'xx'"),
        (["--report", "/nonexistent"], "/nonexistent: No such file or directory"),
        (["--report", "/"], "/: Is a directory"),
        (["askcost", "--peers", "nosuch"], 'no peer "nosuch". Known: boxwright, random, '),
        (["paired", "--ours", "boxwright:model=xx"], "boxwright:model=xx: Invalid enum value 'xx'"),
        (["paired", "--problems", "nosuch"], 'there is no problem "nosuch" here'),
    ],
)
def test_mistakes_get_one_clear_line(cache: Path, words: list[str], complaint: str) -> None:
    done = quality(cache, *words)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert f"quality: {'error: ' * complaint.startswith('argument')}{complaint}" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["quality\n", "quality", '{"cell":{"problem":1}}\n', "\xff\n"])
def test_file_of_something_else_is_refused_and_left_as_it_is(cache: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "results.csv"
    file.write_text(text)
    for words in (["--report", str(file)], [*SMALL, "--out", str(file)]):
        done = quality(cache, *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.splitlines()[-1].startswith(f"quality: {file}: line 1 is no record of this benchmark: ")
    assert file.read_text() == text
