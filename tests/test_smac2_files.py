"""The files that SMAC v2's users' tools read: cell by cell as in the tables of its formats."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from boxwright.execute.messages import Ended, Exit
from boxwright.scenario import load_scenario
from boxwright.scenario.model import Objective
from boxwright.space import load_space
from boxwright.store.database import Store
from boxwright.store.smac2.facts import Source
from boxwright.study.smac2_files import Smac2Writer
from boxwright.terms import Config, Direction, Outcome, Slot, Status, Trial
from smac2_reader import LARGEST, iterations, read_live, read_state, read_trajectory
from smac2_support import make_smac2
from support import RunBoxwright, Running

PCS = """x real [0.01, 1] [0.1] log
n integer [1, 10] [3]
c {a, b} [a]
o ordinal {low, mid, high} [mid]
d real [0, 1] [0.5]
d | c in {b}
"""
A: Config = {"x": 0.1, "n": 3, "c": "a", "o": "mid"}
B: Config = {"x": 1e-2, "n": 10, "c": "b", "o": "high", "d": 0.25}


class Study:
    """A study folder with a database that holds just what is added, and a scenario of SMAC v2."""

    def __init__(self, folder: Path, *lines: str, **more: Any) -> None:
        file = make_smac2(folder / "s", *lines, pcs=more.pop("pcs", PCS), **more)
        loaded = load_scenario(file)
        space = load_space(loaded.scenario.space, place="s", folder=loaded.folder)
        self.folder = folder / "study"
        self.folder.mkdir()
        self.store = Store.create(self.folder, {"created": "100.0"})
        self.source = Source(loaded.scenario, space, loaded.folder, 2)

    def add(self, config: Config, outcome: Outcome, cost: float | None, **trial: Any) -> None:
        """Add a run; the first ends at 101, the next at 102, …, and takes half a second."""
        added, _ = self.store.add_trial(Trial(0, config, **trial))
        run, _ = self.store.start_run(added.number, Slot(0), 1.0)
        ended = Exit(run=run, ended_by=Ended.EXITED, ended=100.0 + run, wall_s=0.5)
        settles = outcome.status is not Status.LOST
        self.store.finish_run(run, outcome, cost=cost, exit_=ended, settles=settles)

    def write(self, ended: float = 110.0) -> Path:
        files, _ = self.source.files(self.store, self.folder)
        files.finish(ended)
        return self.folder


def success(quality: float, runtime_s: float = 1.5, additional: str = "") -> Outcome:
    return Outcome(Status.SUCCESS, quality=quality, runtime_s=runtime_s, additional=additional)


@pytest.fixture
def quality_study(tmp_path: Path) -> Study:
    study = Study(tmp_path, "seed = 7", "cutoff_time = 5", "deterministic = 1")
    study.add(A, success(2.5, additional='kept, "as" it is'), 2.5, optimizer_seed=1)
    study.add(A, Outcome(Status.LOST), None, optimizer_seed=1, seed=1)
    study.add(B, Outcome(Status.CRASHED, runtime_s=0.0), 1e9, optimizer_seed=1)
    study.add({**B, "d": 0.5}, success(-1.0, 1e-5), -1.0, optimizer_seed=1)
    return study


def test_state_files_are_cell_by_cell_as_in_the_table(quality_study: Study) -> None:
    folder = quality_study.write() / "state-run7"
    head = "Run Number,Run History Configuration ID,Instance ID,Response Value (y),Censored?,Cutoff Time Used,Seed,"
    head += "Runtime,Run Length,Run Result Code,Run Quality,SMAC Iteration,SMAC Cumulative Runtime,Run Result,"
    assert (folder / "runs_and_results-it3.csv").read_text().splitlines() == [
        head + "Additional Algorithm Run Data,Wall Clock Time,",
        "1,1,1,2.5,0,5.0,-1,1.5,-1.0,1,2.5,1,1.5,SAT,kept; 'as' it is,0.5,",
        "2,2,1,1.0E9,0,5.0,-1,0.0,-1.0,-1,1.0E9,2,1.5,CRASHED,,0.5,",
        "3,3,1,-1.0,0,5.0,-1,1.0E-5,-1.0,1,-1.0,3,1.50001,SAT,,0.5,",
    ]
    assert (folder / "paramstrings-it3.txt").read_text().splitlines() == [
        "1: c='a', d='0.5', n='3', o='mid', x='0.1'",
        "2: c='b', d='0.25', n='10', o='high', x='0.01'",
        "3: c='b', d='0.5', n='10', o='high', x='0.01'",
    ]
    # By name: a category from 1 on, a real from 0 to 1, whole numbers and ordinals with half a step around.
    assert (folder / "uniq_configurations-it3.csv").read_text().splitlines() == [
        "1,1.0,0.5,0.25,0.5,0.5",
        "2,2.0,0.25,0.95,0.8333333333333334,0.0",
        "3,2.0,0.5,0.95,0.8333333333333334,0.0",
    ]
    assert (folder / "instances.txt").read_text() == "no_instance\n"
    assert "cutoff_time = 5.0\n" in (folder / "scenario.txt").read_text()
    assert "pcs-file = param.pcs\n" in (folder / "scenario.txt").read_text()
    assert (folder / "param.pcs").read_text().startswith("x real [0.01, 1.0] [0.1] log\nn integer [1, 10] [3]\n")


def test_states_of_runs_that_count_no_more_are_taken_away(quality_study: Study) -> None:
    folder = quality_study.write() / "state-run7"
    assert iterations(folder) == [3]
    quality_study.store.reopen_trial(4)
    quality_study.write()
    assert iterations(folder) == [2]
    assert not [path.name for path in folder.iterdir() if "it3" in path.name]


def test_trajectory_is_row_by_row_as_in_the_table(quality_study: Study) -> None:
    folder = quality_study.write(ended=110.0)
    names = '"CPU Time Used","Estimated Training Performance","Wallclock Time","Incumbent ID",'
    names += '"Automatic Configurator (CPU) Time",'
    first, last = "c='a', d='0.5', n='3', o='mid', x='0.1'", "c='b', d='0.5', n='10', o='high', x='0.01'"
    assert (folder / "traj-run-7.txt").read_text().splitlines() == [
        f'{names}"Configuration..."',
        f"0.0, 1.7976931348623157E308, 0.0, 1, 0.0,  {first}",
        f"1.5, 2.5, 1.0, 1, 0.0,  {first}",
        f"1.7000000000000002, -1.0, 4.0, 3, 0.0,  {last}",  # a run under 0.1 s counts as 0.1 s
        f"1.7000000000000002, -1.0, 10.0, 3, 0.0,  {last}",
    ]
    assert (folder / "detailed-traj-run-7.csv").read_text().splitlines() == [
        f'{names}"Full Configuration","Predicted Performance"',
        f'"0.0","1.7976931348623157E308","0.0","1","0.0","{first}","NaN"',
        f'"1.5","2.5","1.0","1","0.0","{first}","NaN"',
        f'"1.7000000000000002","-1.0","4.0","3","0.0","{last}","NaN"',
        f'"1.7000000000000002","-1.0","10.0","3","0.0","{last}","NaN"',
    ]
    assert [row.incumbent for row in read_trajectory(folder, 7)] == [1, 1, 3, 3]


def test_live_runs_are_told_in_full_once_and_then_by_their_ids(quality_study: Study) -> None:
    quality_study.add(A, success(2.0), 2.0, optimizer_seed=1, seed=5)
    path = quality_study.write() / "live-rundata-7.json"
    decoder, text, at = json.JSONDecoder(), path.read_text(), 0
    values = []
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
    assert values[0] == [
        {
            "@pi-id": 2,
            "pi-name": "no_instance",
            "pi-instance-specific-info": "0",
            "pi-features": {},
            "pi-instance-id(deprecated)": 1,
        }
    ]
    command = values[1]["r-rc"]["rc-algo-exec-config"]
    assert command == {
        "@algo-exec-config-id": 2,
        "algo-exec": "./wrapper.sh",
        "algo-exec-dir": str(quality_study.source.folder),
        "algo-pcs": {
            "@pcs-id": 2,
            "pcs-filename": "param.pcs",
            "pcs-text": (path.parent / "state-run7/param.pcs").read_text(),
            "pcs-subspace": {},
        },
        "algo-cutoff": 5.0,
        "algo-deterministic": True,
        "algo-tae-context": {},
    }
    assert values[1]["r-rc"]["rc-pc"] == {
        "@pc-id": 2,
        "pc-pcs": {"@pcs-id": 2},
        "pc-settings": {"c": "a", "d": "0.5", "n": "3", "o": "mid", "x": "0.1"},
        "pc-active-parameters": ["c", "n", "o", "x"],
        "pc-forbidden": False,
        "pc-default": True,
    }
    assert {key: value for key, value in values[1].items() if key != "r-rc"} == {
        "r-run-result": "SAT",
        "r-runtime": 1.5,
        "r-run-length": -1.0,
        "r-quality": 2.5,
        "r-result-seed": -1,
        "r-addl-run-data": 'kept, "as" it is',
        "r-wallclock-time": 0.5,
    }
    # The last one has a configuration that stood there, and a seed that did not.
    assert values[4]["r-rc"] == {
        "@rc-id": 5,
        "rc-algo-exec-config": {"@algo-exec-config-id": 2},
        "rc-cutoff": 5.0,
        "rc-pisp": {"@pisp-id": 5, "pisp-pi": {"@pi-id": 2}, "pisp-seed": 5},
        "rc-pc": {"@pc-id": 2},
        "rc-sample-idx": 0,
    }
    assert values[2]["r-rc"]["rc-pisp"] == {"@pisp-id": 2}
    assert text.index('  "@pi-id" : 2') > 0


@pytest.mark.parametrize(
    ("status", "cost", "told", "response", "censored"),
    [
        (Status.SUCCESS, 1.5, "SAT", 1.5, False),
        (Status.TIMEOUT, 50.0, "TIMEOUT", 5.0, False),
        (Status.MEMOUT, 50.0, "TIMEOUT", 5.0, False),
        (Status.CRASHED, 50.0, "CRASHED", 5.0, False),
        (Status.UNSAT, None, "CRASHED", 5.0, False),
        (Status.KILLED, None, "KILLED", 1.5, True),
        (Status.ABORT, None, "ABORT", 5.0, False),
    ],
)
def test_runtime_runs_are_told_by_the_rules_of_smac_v2(
    tmp_path: Path, status: Status, cost: float | None, told: str, response: float, censored: bool
) -> None:
    study = Study(tmp_path, "run_obj = RUNTIME", "cutoff_time = 5", "deterministic = 0")
    study.add(A, Outcome(status, quality=cost, runtime_s=1.5), cost, seed=3)
    folder = study.write()
    (run,) = read_state(folder / "state-run0", 1)
    assert (run.status, run.runtime, run.quality, run.seed, run.censored) == (told, 1.5, 0.0, 3, censored)
    row = (folder / "state-run0/runs_and_results-it1.csv").read_text().splitlines()[1]
    assert float(row.split(",")[3]) == response
    (live,) = read_live(folder / "live-rundata-0.json").runs
    assert dataclasses.replace(live, configuration=1) == run


def test_timeout_below_the_cutoff_of_the_scenario_is_censored_and_modelled_at_its_own(tmp_path: Path) -> None:
    study = Study(tmp_path, "run_obj = RUNTIME", "cutoff_time = 5")
    study.add(A, Outcome(Status.TIMEOUT, runtime_s=1.5), 50.0)
    facts = study.source.facts(study.store, study.folder)
    for given_s, cutoff_s, is_censored in (
        (1.0, 1.0, True),
        (5.0, 5.0, False),
        (9.0, 5.0, False),
        (None, 5.0, False),
    ):
        told = facts.told(study.store.run(1), given_s)
        assert (told.cutoff_s, told.is_censored(5.0), facts.response(told)) == (cutoff_s, is_censored, cutoff_s)


def test_maximised_quality_turns_its_sign(tmp_path: Path) -> None:
    study = Study(tmp_path)
    scenario = study.source.scenario
    objective = Objective(metric="acc", direction=Direction.MAXIMIZE)
    scenario = replace(scenario, study=replace(scenario.study, objective=objective))
    study.source = dataclasses.replace(study.source, scenario=scenario)
    study.add(A, success(0.75), -0.75)
    assert read_live(study.write() / "live-rundata-0.json").runs[0].quality == -0.75


def test_incumbent_on_instances_has_run_on_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s/f.csv").write_text("name,size,age\ni1,1,2\ni2,-512,3\n")
    study = Study(tmp_path, "instances = instances.txt", "feature-file = f.csv", instances="i1,SAT\ni2,0\n")
    for config, instance, cost in [(A, "i1", 4.0), (B, "i1", 1.0), (A, "i2", 2.0), (B, "i2", 3.0)]:
        study.add(config, success(cost), cost, instance=instance)
    folder = study.write()
    rows = read_trajectory(folder, 0)
    assert [(row.performance, row.incumbent) for row in rows] == [(LARGEST, 1), (3.0, 1), (2.0, 2), (2.0, 2)]
    live = read_live(folder / "live-rundata-0.json")
    assert [each["pi-name"] for each in live.instances] == ["i1", "i2"]
    assert [each["pi-instance-specific-info"] for each in live.instances] == ["SAT", "0"]
    assert [each["pi-features"] for each in live.instances] == [{"size": 1.0, "age": 2.0}, {"age": 3.0}]
    assert (folder / "state-run0/instances.txt").read_text() == '"i1","SAT"\n"i2","0"\n'
    assert (folder / "state-run0/instance-features.csv").read_text() == (tmp_path / "s/f.csv").read_text()
    assert [run.instance for run in read_state(folder / "state-run0", 4)] == ["i1", "i1", "i2", "i2"]


def test_each_optimizer_seed_has_files_of_its_own_with_what_it_proposed(tmp_path: Path) -> None:
    study = Study(tmp_path, "seed = 3", "shared-model-mode = true")
    study.add(A, success(2.0), 2.0, optimizer_seed=2)
    study.add(B, success(1.0), 1.0, optimizer_seed=1)
    study.add({**A, "n": 4}, success(3.0), 3.0, optimizer_seed=2)
    folder = study.write()
    assert [run.quality for run in read_live(folder / "live-rundata-3.json").runs] == [1.0]
    assert [run.quality for run in read_live(folder / "live-rundata-4.json").runs] == [2.0, 3.0]
    assert [run.quality for run in read_state(folder / "state-run4", 2)] == [2.0, 3.0]
    assert [row.performance for row in read_trajectory(folder, 4)] == [LARGEST, 2.0, 2.0]


def test_study_of_an_option_file_leaves_the_files_where_smac_v2_does(boxwright: RunBoxwright, tmp_path: Path) -> None:
    script = 'echo "Result of algorithm run: SUCCESS, 1.25, 0, $7, 0"'
    lines = ("output-dir = out", "rungroup = group", "seed = 5", "cores = 2", "shared-model-mode = true")
    file = make_smac2(tmp_path / "s", *lines, "runcount_limit = 7", script=script)
    done = boxwright("run", file)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "out/group"
    records = json.loads(boxwright("results", folder, "--json").stdout)
    for number, seed in ((5, 1), (6, 2)):
        own = [record for record in records if record["optimizer_seed"] == seed]
        live = read_live(folder / f"live-rundata-{number}.json")
        told = [(float(run.settings["x"]), run.quality, run.status, run.runtime) for run in live.runs]
        assert sorted(told) == sorted((r["config"]["x"], r["quality"], "SAT", 1.25) for r in own)
        state = folder / f"state-run{number}"
        assert iterations(state) == sorted({*(2**k for k in range(4) if 2**k <= len(own)), len(own)})
        runs = read_state(state, len(own))
        assert [dataclasses.replace(run, configuration=0) for run in runs] == live.runs
        rows = read_trajectory(folder, number)
        assert rows[-1].performance == min(record["quality"] for record in own)
        assert rows[-1].settings == runs[[run.configuration for run in runs].index(rows[-1].incumbent)].settings

    # Taken up again they are made anew and grow.
    again = boxwright("resume", folder, "--runs", "9")
    assert again.returncode == 0, again.stderr
    found = [run for path in sorted(folder.glob("live-rundata-*.json")) for run in read_live(path).runs]
    assert len(found) == 9


def test_files_hold_each_run_while_the_study_goes_on(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    script = 'test $BOXWRIGHT_TRIAL -lt 3 || exec sleep 600; echo "Result of algorithm run: SUCCESS, 0.1, 1, 2, 0"'
    running = start(make_scenario(script, more="[study]\nsmac2 = true\n"), "--slots", "1")
    running.wait_for_runs(3)
    live = running.study / "live-rundata-0.json"
    wait_until(lambda: live.exists() and len(read_live(live).runs) == 2)
    wait_until(lambda: iterations(running.study / "state-run0") == [1, 2])
    assert boxwright("stop", running.study, "--now").returncode == 0
    assert running.end()[0] == 130


def test_any_study_leaves_the_files_on_request(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    more = "[study]\nsmac2 = true\n"
    assert boxwright("run", make_scenario(more=more), "--study", "t").returncode == 0
    assert len(read_live(tmp_path / "t/live-rundata-0.json").runs) == 4
    assert len(read_state(tmp_path / "t/state-run0", 4)) == 4
    text = (tmp_path / "t/state-run0/scenario.txt").read_text()
    assert text.startswith("# design: SMAC v2 has no designs")
    assert "run-obj = QUALITY\npcs-file = param.pcs\n" in text


def test_space_that_no_pcs_file_holds_is_refused_before_anything_is_done(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = make_scenario(space='x = { type = "normal", mu = 0, sigma = 1 }\n', more="[study]\nsmac2 = true\n")
    done = boxwright("run", scenario, "--study", "t")
    assert (done.returncode, done.stderr) == (
        2,
        f"boxwright: {scenario}: study.smac2: space.x: a PCS file needs bounds. Give lower and upper. "
        "SMAC v2's files cannot hold that.\n",
    )
    assert not (tmp_path / "t").exists()


def test_trouble_with_the_files_is_said_once_and_stops_nothing(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    (tmp_path / "full").write_text("no folder")
    scenario = make_scenario(more='[study]\nsmac2 = "../full"\n')
    done = boxwright("run", scenario, "--study", "t")
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if "SMAC v2" in line]
    assert said == ["the files of SMAC v2 cannot be written: File exists; they are made anew once they can"]
    (tmp_path / "full").unlink()
    assert "SMAC v2" not in boxwright("resume", "t").stderr
    assert len(read_live(tmp_path / "full/live-rundata-0.json").runs) == 4


def test_files_are_whole_again_once_they_can_be_written(tmp_path: Path) -> None:
    study = Study(tmp_path)
    study.add(A, success(1.0), 1.0)
    obstacle = study.folder / ".live-rundata-0.json.draft"
    obstacle.mkdir()
    writer = Smac2Writer(study.source, study.folder, study.folder)
    writer.start()
    wait_until(lambda: bool(writer.trouble))
    obstacle.rmdir()
    for number, quality in ((2, 0.5), (3, 0.25), (4, 0.125)):
        study.add({**A, "n": 4 + number}, success(quality), quality)
        writer.hear(study.store.run(number))
    writer.close()
    assert (
        writer.trouble == "the files of SMAC v2 cannot be written: Is a directory; they are made anew once they can"
    )
    live = read_live(study.folder / "live-rundata-0.json")
    assert [run.quality for run in live.runs] == [1.0, 0.5, 0.25, 0.125]
    assert not list(study.folder.rglob("*.draft"))


def test_run_that_the_files_cannot_tell_is_left_out_and_said(tmp_path: Path) -> None:
    study = Study(tmp_path)
    writer = Smac2Writer(study.source, study.folder, study.folder)
    writer.start()
    wait_until((study.folder / "live-rundata-0.json").exists)
    for number, instance in ((1, None), (2, "elsewhere")):
        study.add(A, success(1.0), 1.0, instance=instance)
        writer.hear(study.store.run(number))
    writer.close()
    why = 'the scenario does not list its instance "elsewhere"'
    assert writer.trouble == f"run 2 is left out of SMAC v2's files: {why}"
    assert len(read_live(study.folder / "live-rundata-0.json").runs) == 1


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)
