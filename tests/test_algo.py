"""``boxwright algo`` as a process: what it loads, whom it finds, what it complains about."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright.algo.line import NoStudyError, open_line, read_answer
from external_support import QUICK, external, output_of
from support import RunBoxwright, Running, statuses

HEAVY = {
    "click",
    "msgspec",
    "numpy",
    "ConfigSpace",
    "typing",
    "re",
    "dataclasses",
    "pathlib",
    "subprocess",
    "asyncio",
}


def call(*words: str, study: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "boxwright", "algo", *words],
        env=os.environ | {"BOXWRIGHT_STUDY": str(study or "")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_path_of_a_call_loads_nothing_heavy() -> None:
    program = """
import sys
before = set(sys.modules)
sys.argv = ["boxwright", "algo", "--study", "/nowhere", "no_instance", "0", "5.0", "1", "-1", "-x", "1"]
from boxwright.entry import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(" ".join(name.split(".")[0] for name in set(sys.modules) - before))
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], env=_sources(), capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Result of this algorithm run: ABORT, ")
    # json brings `re`, which the wrapper that pip makes for a command has loaded already.
    assert not set(done.stderr.split()) & (HEAVY - {"re"})


def _sources() -> dict[str, str]:
    import boxwright

    return {"PYTHONPATH": str(Path(boxwright.__file__).parent.parent)}


def test_call_without_a_study_or_with_nobody_at_work_says_so(tmp_path: Path) -> None:
    done = call("--dialect", "plain", "x=1")
    wanted = "boxwright algo: which study? BOXWRIGHT_STUDY is not set here, and there is no --study.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", wanted)
    done = call("--dialect=plain", "x=1", study=tmp_path)
    assert done.returncode == 1
    assert (
        done.stderr == f"boxwright algo: over: {tmp_path}: no controller is at work here: No such file or directory\n"
    )
    done = call("--dialect", "smac3", study=tmp_path)
    assert (
        done.stderr == 'boxwright algo: no dialect "smac3". Known: smac2, aclib2, paramils, irace, dakota, plain.\n'
    )
    done = call("no_instance", "0", study=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("boxwright algo: found 2 words, expected: instance, ")


def test_controller_that_goes_in_the_middle_of_a_call_is_told_as_the_end(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "control.sock"))
        listener.listen()
        line = open_line(str(tmp_path), {"texts": {}})
        listener.accept()[0].close()
        with pytest.raises(NoStudyError, match="the controller has gone"):
            read_answer(line)


@pytest.mark.usefixtures("no_process_left")
def test_study_answers_hostile_lines_and_goes_on(
    make_scenario: Callable[..., Path], start: Callable[..., Running], tmp_path: Path
) -> None:
    hold = 'until test -e "$2/done"; do sleep 0.05; done'
    scenario = external(make_scenario, QUICK, hold.replace("$2", "$BOXWRIGHT_STUDY"))
    running = start(scenario, "--slots", "1")
    running.hear("trials done")
    lines = [
        b"\n",
        b"\x00\xff\n",
        b"{" * 5000 + b"\n",
        b'{"do":"evaluate","texts":{"x":7}}\n',
        b'{"do":"evaluate","texts":{"x":"7"}}\n',
        b'{"do":"evaluate","texts":{"y":"7"}}\n',
        b'{"do":"evaluate","values":{"x":1e999}}\n',
        b'{"do":"evaluate","values":{"x":0.5},"seed":1e300}\n',
        b'{"do":"evaluate","values":{"x":0.5},"cutoff_s":-1}\n',
        b'{"do":"evaluate","values":{"x":"\\ud800"}}\n',
        b'{"do":"evaluate","run":7}\n',
        b'{"do":"evaluate","more":' + b"[" * 200_000 + b"\n",
        b'{"do":"stop","more":' + b"[" * 200_000 + b"\n",
        b'{"do":"evaluate","values":{"x":0.5},"instance":"a\\u0000"}\n',
        b'{"do":"evaluate","values":{"x":0.5,"a\\u0000":1}}\n',
        b'{"do":"evaluate"' + b" " * 2_000_000 + b"\n",
    ]
    socket_path = str(running.study / "control.sock")
    said = [_say(socket_path, line) for line in lines]
    assert [answer.get("state", answer.get("done")) for answer in said] == [
        *[False] * 3,
        *["refused"] * 6,
        False,
        "refused",
        False,
        False,
        "refused",
        "refused",
        "refused",
    ]
    assert said[-1]["text"] == "the line is longer than 1 MiB"
    assert '"y"' in said[5]["text"]
    answers: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(_say(socket_path, b'{"do":"evaluate","values":{"x":0.5}}\n')))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer["run"] for answer in answers] == [1] * 20  # one run for all who want the same
    (running.study / "done").touch()
    assert running.end()[0] == 0
    assert len(statuses(running.study)) == 1


def _say(path: str, line: bytes) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        try:
            connection.sendall(line)
        except BrokenPipeError:
            return {}
        said = b""
        try:
            while piece := connection.recv(65536):
                said += piece
        except ConnectionResetError:
            return {}
    found = json.loads(said) if said else {}
    assert isinstance(found, dict)
    return found


@pytest.mark.usefixtures("no_process_left")
def test_unknown_and_repeated_configurations_are_handled_as_the_scenario_says(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    run = 'echo "Result of algorithm run: SUCCESS, 0, 0, $BOXWRIGHT_SEED, 0, $*"'
    calls = "for x in 0.5 0.5 7 0.5; do $algo --dialect plain x=$x; done; $algo --dialect plain x=0.5 --seed=3 zz=on"
    scenario = external(make_scenario, run, calls, keys='unknown = "accept"\nrepeated = "run"')
    assert boxwright("run", scenario, "--study", "s").returncode == 0
    assert output_of(tmp_path / "s").split() == ["0.0", "1.0", "0.0", "2.0", "0.0"]
    state = json.loads(boxwright("status", "s", "--json").stdout)
    assert state["evaluations"] == {"refused": 0, "outside": 2, "answered": 0}
    records = json.loads(boxwright("results", "s", "--json").stdout)
    assert [record["config"]["x"] for record in records] == [0.5, 0.5, 7, 0.5, 0.5]
    assert [record["additional"] for record in records][4] == "--x=0.5 --seed=3 --zz=on"
    assert "2 not in the space and run all the same" in boxwright("status", "s").stdout


@pytest.mark.usefixtures("no_process_left")
def test_run_is_given_the_cutoff_of_the_call_and_runs_again_with_a_higher_one(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    run = 'sleep "$BOXWRIGHT_CUTOFF_S"; echo "Result of algorithm run: SUCCESS, 2, 0, $BOXWRIGHT_CUTOFF_S, 0"'
    run = f'case "$BOXWRIGHT_CUTOFF_S" in 0*) exec sleep 60;; 20*) {run.split(";")[1]};; *) exit 3;; esac'
    calls = "for s in 0.2 0.1 20 1 300; do $algo no_instance 0 $s 2147483647 4 -x 0.5; done"
    scenario = external(make_scenario, run, calls, more="[limits]\ncutoff_s = 200\n")
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 0, done.stderr
    told = [line.split(": ")[1].split(", ") for line in output_of(tmp_path / "s").splitlines()]
    assert [(fields[0], fields[3], fields[5]) for fields in told] == [
        ("TIMEOUT", "1000000000.0", "run 1"),
        ("TIMEOUT", "1000000000.0", "run 1"),  # what takes longer than 0.2 s takes longer than 0.1 s
        ("SUCCESS", "20.0", "run 2"),
        ("TIMEOUT", "1000000000.0", "run 2"),  # it has taken 2 s
        ("SUCCESS", "20.0", "run 2"),
    ]
