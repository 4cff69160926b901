"""Whatever a run leaves: an outcome, in bounded memory and time, and never an exception."""

from __future__ import annotations

import os
import resource
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.errors import RunError
from boxwright.execute.messages import Ended, Exit, PostExit
from boxwright.parse import read_outcome
from boxwright.parse.logs import LINE_LIMIT_BYTES, read_lines
from boxwright.parse.result_line import parse_result
from boxwright.scenario.model import Objective, Parse
from boxwright.terms import Outcome, Status

LINE = b"Result of algorithm run: SAT, 1, 1, 0.5, 0"
EVERYTHING = Parse(result_line=True, tab=True, regex={"loss": r"loss[:=]\s*(\S+)"}, json="metrics.json")


def read(folder: Path, parse: Parse | None = None) -> Outcome:
    exited = Exit(run=17, ended_by=Ended.EXITED, exit_code=0, post=PostExit(ended=Ended.EXITED, exit_code=0))
    has_postprocess = (folder / "postprocess.log").exists()
    parse = parse or Parse(result_line=True)
    return read_outcome(parse, Objective(), exited, folder, has_postprocess=has_postprocess, exit_code_matters=True)


def test_megabytes_without_line_end_before_the_result_line_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "stdout.log").write_bytes(b"x" * 5_000_000 + b"\n" + LINE + b"\n")
    assert read(tmp_path).quality == 0.5


def test_megabytes_without_line_end_are_no_result(tmp_path: Path) -> None:
    (tmp_path / "stdout.log").write_bytes(b"x" * 5_000_000 + LINE)
    found = read(tmp_path)
    assert found.reason.startswith("no result line on stdout; last lines: ")
    assert len(found.reason) < 400


def test_result_line_of_megabytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stdout.log").write_bytes(LINE + b", " + b"x" * 5_000_000)
    assert read(tmp_path).reason == "stdout.log:1: the result line is longer than 64 KiB"


def test_line_that_is_too_long_is_not_searched_and_the_reason_says_so(tmp_path: Path) -> None:
    (tmp_path / "stdout.log").write_bytes(b"quality=0.5 " * 10_000)
    found = read(tmp_path, Parse(regex={"quality": r"quality=(\S+)"}))
    assert "stdout.log: 1 lines longer than 64 KiB were not searched" in found.reason


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "stdout.log").write_bytes(bytes(range(256)) * 50 + b"\n" + LINE + b"\n\0\0\0")
    assert read(tmp_path).quality == 0.5


def test_huge_sparse_log_is_read_in_bounded_memory(tmp_path: Path) -> None:
    with (tmp_path / "stdout.log").open("wb") as file:
        file.truncate(400 << 20)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + LINE + b"\n")
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert read(tmp_path, EVERYTHING).metrics == {"quality": 0.5}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 64 * 1024


@pytest.mark.parametrize("name", ["stdout.log", "postprocess.log"])
def test_log_replaced_by_a_pipe_or_link_is_not_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(LINE + b"\nquality\t0.5\n")
    for kind in ("pipe", "link"):
        if kind == "pipe":
            os.mkfifo(tmp_path / name)
        else:
            (tmp_path / name).symlink_to("secret")
        found = read(tmp_path, Parse(tab=True))
        assert (found.status, found.quality) == (Status.CRASHED, None)
        assert name in found.reason
        (tmp_path / name).unlink()


@given(st.lists(st.sampled_from([b"a", b"bb", b"\n", b"\r", b"\r\n", b"\0", b"esult"]), max_size=40).map(b"".join))
def test_lines_are_those_that_a_reader_of_the_whole_file_sees(data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        found = [(line.number, line.text) for line in read_lines(Path(file.name))]
        some = [(line.number, line.text) for line in read_lines(Path(file.name), (b"esult",))]
    whole = [(n, part) for n, raw in enumerate(data.split(b"\n"), 1) for part in raw.split(b"\r") if part]
    assert found == whole
    assert some == [(number, text) for number, text in whole if b"esult" in text]


def test_lines_that_lie_across_blocks_are_whole(tmp_path: Path) -> None:
    lines = [b"%d " % i + b"y" * (i * 37 % 300) for i in range(20_000)]
    lines[5000] = b"z" * (LINE_LIMIT_BYTES + 1)
    (tmp_path / "log").write_bytes(b"\r\n".join(lines))
    found = list(read_lines(tmp_path / "log"))
    assert [line.number for line in found] == list(range(1, 20_001))
    assert [line.number for line in found if line.cut] == [5001]
    assert [line.text for line in found if not line.cut] == [line for line in lines if len(line) <= LINE_LIMIT_BYTES]


PIECES = [
    b"Result of algorithm run:",
    b"Result for SMAC: ",
    b"SAT",
    b", ",
    b"1",
    b"-",
    b"NaN",
    b"\t",
    b"\n",
    b"\r",
    b"\0",
]
PIECES += [
    b"quality",
    b"loss=",
    b'{"status": "SUCCESS", "cost": ',
    b"}",
    b"\xff\xfe",
    b"Infinity",
    b"1e400",
    b'"',
    b"[",
]
OUTPUT = st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))


@settings(max_examples=200)
@given(stdout=OUTPUT, post=OUTPUT, metrics=OUTPUT, last=st.booleans())
def test_any_bytes_give_an_outcome(stdout: bytes, post: bytes, metrics: bytes, *, last: bool) -> None:
    parse = Parse(
        result_line=True,
        tab=True,
        regex=EVERYTHING.regex,
        json="metrics.json",
        duplicates="last" if last else "error",
        unsat="success" if last else "invalid",
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, data in (("stdout.log", stdout), ("postprocess.log", post), ("metrics.json", metrics)):
            (folder / file).write_bytes(data)
        found = read(folder, parse)
    assert found.status in Status
    assert bool(found.reason) == (found.status is not Status.SUCCESS)
    assert found.quality is not None or found.status is not Status.SUCCESS
    assert all(abs(value) < float("inf") for value in found.metrics.values())
    assert (found.reason + found.additional + "".join(found.metrics)).isprintable()
    found.additional.encode("utf-8")


@settings(max_examples=300)
@given(st.text(alphabet='SATUNO, .0123456789eE-+xpNaInfity{}":statuscost\t\x00é\ud800', max_size=60))
def test_mutated_result_line_gives_a_value_or_a_reason(body: str) -> None:
    said, reason = None, ""
    try:
        said = parse_result(body)
    except RunError as refused:
        reason = str(refused)
    assert (said is None) == bool(reason)
    assert (reason + (said.additional if said else "")).isprintable()
