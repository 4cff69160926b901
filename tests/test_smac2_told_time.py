"""The CPU time that a wrapper of SMAC v2 tells on its way: to whom, in which words, and which runs it counts for."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from boxwright.execute.messages import Ended, Exit
from boxwright.execute.told_time import read_cpu_s
from boxwright.materialise import RunContext, time_port
from boxwright.materialise.environment import added_environment
from boxwright.parse import read_outcome
from boxwright.scenario.model import Command, Environment, FlagDialect, Objective, Parse, Scenario
from boxwright.terms import Slot, Trial
from execute_support import Stage
from smac2_support import make_smac2
from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")

TEXT = b"12.500000\n"  # as runsolver for SMAC v2 writes it: "%f\n"


@pytest.mark.parametrize(
    ("data", "cpu_s"),
    [
        (TEXT, 12.5),
        (b"0", 0.0),
        (b" 1.5E-3 ", 0.0015),
        (b"7.d\0\0\0\0", 7.0),
        (struct.pack(">d", 12.5), 12.5),
        *((struct.pack(">d", bad), None) for bad in (-1.0, float("nan"), float("inf"))),
        *(
            (bad, None)
            for bad in (b"", b"NaN", b"-1.0", b"Infinity", b"1e999", b"1,5", b"1 2", b"1_0", b"x" * 8 + b"9")
        ),
        *((bad, None) for bad in (struct.pack(">d", 1.0) + b"\0", struct.pack(">f", 1.0), b"\xff" * 64, b"1" * 65)),
    ],
)
def test_datagram_is_a_number_of_seconds_or_nothing(data: bytes, cpu_s: float | None) -> None:
    assert read_cpu_s(data) == cpu_s


def telling(*datagrams: bytes, then: str = "") -> str:
    """Return a wrapper in Python that tells its time, and then does something else."""
    return f"""
import os, socket, sys, time
line, to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ("127.0.0.1", int(os.environ["AEATK_PORT"]))
for data in {datagrams!r}:
    line.sendto(data, to)
{then}
"""


@pytest.mark.parametrize(
    ("datagrams", "told_s"),
    [
        ((b"0.25\n", TEXT), 12.5),
        ((TEXT, b"", b"NaN", b"-3", b"x" * 60000, struct.pack(">d", float("nan"))), 12.5),
        ((b"nonsense",), None),
        ((), None),
    ],
)
def test_last_number_that_a_command_tells_is_in_its_exit(
    tmp_path: Path, datagrams: tuple[bytes, ...], told_s: float | None
) -> None:
    with Stage(tmp_path / "study") as stage:
        stage.start()
        argv = ["python3", "-c", telling(*datagrams)]
        assert stage.run(argv, time_port="AEATK_PORT").told_s == told_s
        silent = stage.run(["sh", "-c", "echo ${AEATK_PORT-none}"])
        assert (silent.told_s, stage.text(silent.run)) == (None, "none\n")


def test_more_datagrams_than_the_kernel_keeps_are_heard_while_the_command_runs(tmp_path: Path) -> None:
    slowly = "for count in range(40):\n    [line.sendto(b'%d' % count, to) for _ in range(100)]; time.sleep(0.05)"
    with Stage(tmp_path / "study") as stage:
        stage.start()
        # The output limit has the agent look at least once a second; the memory limit every time it may be near.
        exit_ = stage.run(
            ["python3", "-c", telling(then=slowly)],
            time_port="AEATK_PORT",
            memory_bytes=1 << 27,
            output_bytes=1 << 20,
        )
        assert exit_.told_s is not None
        assert exit_.told_s > 30


CRASHES = telling(TEXT, then="sys.exit('no result line')")
HANGS = telling(b"0.01", TEXT, then="time.sleep(600)")


@pytest.mark.parametrize(("script", "cutoff", "status"), [(CRASHES, 60, "CRASHED"), (HANGS, 2, "TIMEOUT")])
def test_run_without_a_result_line_counts_with_the_time_that_it_has_told(
    boxwright: RunBoxwright, tmp_path: Path, script: str, cutoff: int, status: str
) -> None:
    lines = ("algo = python3 wrapper.py", f"cutoff_time = {cutoff}", "kill-run-exceeding-captime-factor = 2")
    file = make_smac2(tmp_path / "s", *lines, "runcount_limit = 1", "outdir = out", "rungroup = r")
    (tmp_path / "s" / "wrapper.py").write_text(script)
    boxwright("run", file)
    (record,) = json.loads(boxwright("results", "out/r", "--json").stdout)
    assert (record["status"], record["runtime_s"]) == (status, 12.5)
    assert '"r-runtime" : 12.5,' in (tmp_path / "out" / "r" / "live-rundata-0.json").read_text()


ANSWER = "Result of this algorithm run: SUCCESS, 1.5, 0, 0.5, 0\n"


@pytest.mark.parametrize(
    ("stdout", "ended_by", "told_s", "runtime_s"),
    [
        ("", Ended.EXITED, 0.25, 0.25),
        ("", Ended.CANCELLED, 0.25, 0.25),
        ("", Ended.OUTPUT, 0.25, 0.25),
        ("", Ended.MEMORY, 0.25, 0.25),
        ("", Ended.CUTOFF, 0.25, 2.0),  # it had all of its cutoff
        ("", Ended.CUTOFF, 9.0, 9.0),
        ("", Ended.CUTOFF, None, None),
        ("", Ended.EXITED, None, None),
        (ANSWER, Ended.EXITED, 0.25, 1.5),
        (ANSWER, Ended.CUTOFF, 9.0, 1.5),
    ],
)
def test_told_time_counts_only_where_no_result_line_says_another(
    tmp_path: Path, stdout: str, ended_by: Ended, told_s: float | None, runtime_s: float | None
) -> None:
    (tmp_path / "stdout.log").write_text(stdout)
    exit_ = Exit(run=1, ended_by=ended_by, exit_code=0, wall_s=2.0, told_s=told_s)
    outcome = read_outcome(Parse(), Objective(), exit_, tmp_path, has_postprocess=False, exit_code_matters=False)
    assert outcome.runtime_s == runtime_s


@pytest.mark.parametrize(
    ("flags", "environment", "port", "often"),
    [
        ("smac2", Environment(), "AEATK_PORT", "0.25"),
        ("smac2-quoted", Environment(set={"AEATK_CPU_TIME_FREQUENCY": "2"}), "AEATK_PORT", "2"),
        ("smac2", Environment(unset=("AEATK_PORT", "AEATK_CPU_TIME_FREQUENCY")), "", None),
        ("smac2", Environment(set={"AEATK_PORT": "7"}), "", "0.25"),
        ("--name value", Environment(), "", None),
    ],
)
def test_only_a_wrapper_of_smac_v2_is_asked_for_its_time(
    flags: FlagDialect, environment: Environment, port: str, often: str | None
) -> None:
    scenario = Scenario(command=Command(argv=("true",), flags=flags), space={}, environment=environment)
    assert time_port(scenario) == port
    context = RunContext(1, Trial(1, {}), Slot(0), Path("/study/run"), Path("/study"), "id")
    assert added_environment(context, scenario, environment.set).get("AEATK_CPU_TIME_FREQUENCY") == often
