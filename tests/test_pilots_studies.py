"""Whole studies on pilots, through the command line: as on slots of this machine, whatever is killed."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from boxwright.store.database import Store
from boxwright.terms import Status
from execute_support import wait_until
from pilot_support import keepers_of, pilots_of
from support import RunBoxwright, Running

pytestmark = [pytest.mark.usefixtures("no_process_left")]
PILOTS = '[slots]\nbackend = "subprocess"\ncount = 4\nper_job = 2\n'
DESIGN = '[design]\nkind = "monte-carlo"\nruns = 40\n'
SCRIPT = """
echo "$BOXWRIGHT_TRIAL" >> {log}
sleep 0.2
echo "Result of algorithm run: SUCCESS, 0.2, 1, $BOXWRIGHT_TRIAL, 0"
"""


def outcomes(study: Path) -> Counter[Status]:
    with Store(study) as store:
        assert all(record.quality == record.trial for record in store.runs() if record.status is Status.SUCCESS)
        successes = Counter(record.trial for record in store.runs() if record.status is Status.SUCCESS)
        assert set(successes.values()) <= {1}
        return Counter(record.status for record in store.runs())


def started_in(log: Path, least: int) -> bool:
    return log.exists() and len(log.read_text().splitlines()) >= least


def test_study_on_pilots_is_like_one_on_this_machine(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = make_scenario(more='[slots]\nsetup = ["export GREETING=hello"]\n')
    done = boxwright("run", scenario, "--study", "s", "--backend", "subprocess", "--slots", "2")
    assert done.returncode == 0, done.stderr
    assert outcomes(tmp_path / "s") == {Status.SUCCESS: 4}
    log = (tmp_path / "s" / "study.log").read_text()
    assert "queued 2 pilots" in log
    assert log.count(" is up: 1 slots") in (1, 2)  # one may come up when the other has done all
    assert "pilots: " in done.stderr
    assert boxwright("resume", "s").returncode == 0  # without a slot that could ask what is left to do


@pytest.mark.slow
def test_study_survives_kills_of_its_pilots_and_of_its_controller(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    log, study = tmp_path / "log", tmp_path / "study"
    running = start(make_scenario(SCRIPT.format(log=log), design=DESIGN, more=PILOTS))
    started = partial(started_in, log)
    for least in (4, 10):
        wait_until(partial(started, least))
        random.choice(pilots_of(study)).kill()
    wait_until(partial(started, 16))
    status = json.loads(boxwright("status", "study", "--json").stdout)
    assert set(status["pilots"]) == {"queued", "running", "slots"}
    running.process.kill()
    killed = time.monotonic()
    running.process.communicate(timeout=60)
    wait_until(lambda: not pilots_of(study) and not keepers_of(study))
    assert time.monotonic() - killed < 15
    done = boxwright("resume", "study")
    assert done.returncode == 0, done.stderr
    counts = outcomes(study)
    assert counts[Status.SUCCESS] == 40
    assert set(counts) <= {Status.SUCCESS, Status.LOST}
    assert set(map(int, log.read_text().split())) == set(range(1, 41))


def test_interrupted_study_leaves_no_pilot_and_goes_on(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    study, hold = tmp_path / "study", tmp_path / "hold"
    hold.touch()
    script = f"while [ -e {hold} ]; do sleep 0.1; done; " + SCRIPT.format(log=tmp_path / "log")
    running = start(make_scenario(script, more=PILOTS))
    wait_until(lambda: len(list(study.glob("runs/*/*/stdout.log"))) == 4)
    running.process.send_signal(signal.SIGTERM)
    running.process.communicate(timeout=60)
    assert running.process.returncode == 130
    assert not pilots_of(study)
    assert not keepers_of(study)
    hold.unlink()
    assert boxwright("resume", "study", "--backend", "local", "--slots", "2").returncode == 0
    assert outcomes(study) == {Status.SUCCESS: 4, Status.LOST: 4}


def test_slots_of_a_running_study_are_changed_from_outside(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    more = '[slots]\nbackend = "subprocess"\n'
    running = start(
        make_scenario(f"while [ -e {hold} ]; do sleep 0.1; done; echo 1", more=more + "[parse]\ntab=true\n")
    )
    study = tmp_path / "study"
    wait_until(lambda: list(study.glob("runs/*/*/stdout.log")))
    for words, answer in (("+2", "3 slots instead of 1"), ("2", "2 slots"), ("-1", "1 slots"), ("+1", "2 slots")):
        done = boxwright("slots", words, "study")
        assert (done.returncode, answer in done.stderr) == (0, True), done.stderr
    wait_until(lambda: len(list(study.glob("runs/*/*/stdout.log"))) == 2)
    for words, problem in (("x", '"x" is no number of slots'), ("-5", "-3 slots are out of range")):
        done = boxwright("slots", words, "study")
        assert (done.returncode, problem in done.stderr) == (2, True), done.stderr
    hold.unlink()
    running.process.communicate(timeout=60)
    assert "slots wanted from now on: 3" in (study / "study.log").read_text()
    assert "count = 2\n" in (study / "scenario.toml").read_text()  # which `resume` goes by


def test_attempt_after_the_walltime_finds_what_the_earlier_one_saved(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = """
if [ -n "$BOXWRIGHT_CHECKPOINT" ]; then
    echo "Result of algorithm run: SUCCESS, 1, 1, $(cat "$BOXWRIGHT_CHECKPOINT/saved"), 0"; exit 0
fi
trap 'echo 17 > saved; exit 85' USR1
while :; do sleep 0.05; done
"""
    more = '[slots]\nbackend = "subprocess"\nwalltime = 26\nsignal_before_end_s = 14\n'
    scenario = make_scenario(script, design='[design]\nkind = "monte-carlo"\nruns = 1\n', more=more)
    done = boxwright("run", scenario, "--study", "study")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "study") as store:
        assert [(run.status, run.quality) for run in store.runs()] == [(Status.LOST, None), (Status.SUCCESS, 17.0)]


def test_trial_that_ends_its_pilot_again_and_again_comes_to_an_end(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = """
echo >> "$BOXWRIGHT_STUDY/attempts"
signal=TERM
[ "$(wc -l < "$BOXWRIGHT_STUDY/attempts")" = 2 ] && signal=KILL
kill -$signal "$(ps -o ppid= -p $PPID)"
sleep 60
"""
    more = '[slots]\nbackend = "subprocess"\n'
    scenario = make_scenario(script, design='[design]\nkind = "monte-carlo"\nruns = 1\n', more=more)
    done = boxwright("run", scenario, "--study", "study")
    assert done.returncode == 1, done.stderr
    assert outcomes(tmp_path / "study") == {Status.LOST: 3}


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('backend = "slurm"\nper_gpu = 2\ngpus = 1', 'slots.per_gpu: goes with slots.backend = "local" only'),
        (
            'backend = "subprocess"\ncount = 3\nper_job = 2',
            "slots.count: 3 slots are no multiple of per_job = 2. Write 2 or 4",
        ),
        (
            'backend = "slurm"\nwalltime = "soon"',
            'slots.walltime: "soon" is no duration. Write seconds, or a text such as',
        ),
        ('backend = "subprocess"\nwalltime = 60\n[limits]\ncutoff_s = 50', "slots.walltime: 60 s end before a run"),
        ('backend = "subprocess"\nwalltime = 13', "slots.walltime: 13 s: a job ends 13 s before"),
        ('backend = "subprocess"\nsignal_before_end_s = 60', "slots.signal_before_end_s: counts from the end of the"),
        ('backend = "subprocess"\nports = "9-1"', 'slots.ports: "9-1" names no ports. Write one number'),
        ('backend = "subprocess"\ninterface = "none0"', 'no network interface "none0". Known: '),
        ('backend = "subprocess"\njob_script = "x.j2"', 'slots.job_script: there is no file "x.j2"'),
        ('backend = "slrum"', "slots.backend"),
    ],
)
def test_mistakes_about_batch_jobs_get_one_clear_line(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, more: str, problem: str
) -> None:
    done = boxwright("check", make_scenario(more=f"[slots]\n{more}\n"))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert problem in done.stderr


def test_keys_for_batch_jobs_are_remarked_on_where_there_are_none(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    done = boxwright("check", make_scenario(more='[slots]\nqueue = "gpu"\nwalltime = "8h"\n'))
    assert done.returncode == 0
    assert "slots.walltime, slots.queue: for batch jobs, and without effect" in done.stderr


def test_check_shows_the_job_and_submits_nothing(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    done = boxwright("check", make_scenario(more='[slots]\nsetup = ["module load x"]\n'), "--backend", "subprocess")
    assert done.returncode == 0, done.stderr
    assert "Each job would be:\n  | module load x\n  | exec " in done.stdout
