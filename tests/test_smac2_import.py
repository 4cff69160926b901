"""Runs of SMAC v2 as a warm start: files of live runs, states, output folders, and the options that name them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright.errors import ScenarioError
from boxwright.scenario import load_scenario
from boxwright.space import load_space
from boxwright.store.smac2.read_live import read_live
from boxwright.store.smac2.read_state import read_state
from boxwright.study.warm_smac2 import from_smac2
from boxwright.study.warm_taken import Taken
from smac2_support import make_smac2
from support import RunBoxwright

PCS = "x real [0, 1] [0.5]\nc {a, b} [a]\nd real [0, 1] [0.5]\nd | c in {b}\n"
FIRST = {
    "@rc-id": 2,
    "rc-algo-exec-config": {"@algo-exec-config-id": 2, "algo-cutoff": 5.0, "algo-pcs": {"@pcs-id": 2}},
    "rc-cutoff": 5.0,
    "rc-pisp": {"@pisp-id": 2, "pisp-pi": {"@pi-id": 2}, "pisp-seed": -1},
    "rc-pc": {"@pc-id": 2, "pc-settings": {"x": "0.25", "c": "a", "d": "0.5"}},
}


def instances(*names: str) -> str:
    return json.dumps([{"@pi-id": number, "pi-name": name} for number, name in enumerate(names, 2)], indent=1)


def run(request: dict[str, Any], status: str = "SAT", quality: float = 1.0, runtime: float = 1.0) -> str:
    value = {"r-rc": request, "r-run-result": status, "r-runtime": runtime, "r-quality": quality}
    return json.dumps(value, indent=1)


def request(number: int, x: float, *, instance: int = 2, seed: int = -1, cutoff: float = 5.0) -> dict[str, Any]:
    """Return a request in full, as older files of others may have each."""
    return {
        "rc-algo-exec-config": {"algo-cutoff": 5.0},
        "rc-cutoff": cutoff,
        "rc-pisp": {"pisp-pi": {"@pi-id": instance}, "pisp-seed": seed},
        "rc-pc": {"@pc-id": number, "pc-settings": {"x": repr(x), "c": "b", "d": "1.0E-3"}},
    }


def taken(folder: Path, path: Path, *lines: str, **more: Any) -> Taken:
    """Return what a scenario of SMAC v2 takes over from a path."""
    loaded = load_scenario(make_smac2(folder / "s", *lines, pcs=PCS, **more))
    space = load_space(loaded.scenario.space, place="s", folder=loaded.folder)
    return from_smac2("old", path, loaded.scenario, space)


def told(found: Taken) -> list[tuple[float | str, str, float | None]]:
    return [(run.config["x"], str(run.status), run.quality) for run in found.runs]


def test_live_runs_are_read_through_their_references_and_a_cut_off_tail_is_left_out(tmp_path: Path) -> None:
    again = {**FIRST, "@rc-id": 3, "rc-algo-exec-config": {"@algo-exec-config-id": 2}, "rc-pc": {"@pc-id": 2}}
    again["rc-pisp"] = {"@pisp-id": 3, "pisp-pi": {"@pi-id": 2}, "pisp-seed": 7}
    text = instances("no_instance") + run(FIRST, quality=2.0) + " " + run(again, "SUCCESS", 4.0) + run(again)[:-9]
    path = tmp_path / "live-rundata-1.json"
    path.write_text(text)
    found = read_live(path, "old")
    assert [(each.run.seed, each.run.quality) for each in found.runs] == [(-1, 2.0), (7, 4.0)]
    assert found.runs[0].settings == found.runs[1].settings == {"x": "0.25", "c": "a", "d": "0.5"}
    assert (found.instances, found.cutoff_s, found.note) == (("no_instance",), 5.0, "its last run is cut off")
    # Without seeds of its own the scenario takes the mean; the inactive parameter is dropped.
    over = taken(tmp_path, path)
    assert told(over) == [(0.25, "SUCCESS", 3.0)]
    assert over.runs[0].config == {"x": 0.25, "c": "a"}
    assert over.note == (
        "warm start: 2 of 2 runs of old taken over, as 1 configuration; old: its last run is cut off"
    )
    assert told(taken(tmp_path, path, "deterministic = 0")) == [(0.25, "SUCCESS", 2.0), (0.25, "SUCCESS", 4.0)]


@pytest.mark.parametrize("end", range(1, 60, 7))
def test_file_cut_off_anywhere_gives_the_runs_before(tmp_path: Path, end: int) -> None:
    whole = instances("no_instance") + run(request(2, 0.5)) + run(request(3, 0.25))
    path = tmp_path / "live-rundata-1.json"
    path.write_text(whole[: len(whole) - end])
    assert [each.settings["x"] for each in read_live(path, "old").runs] == ["0.5"]


def test_outcomes_count_by_the_rules_of_this_scenario(tmp_path: Path) -> None:
    path = tmp_path / "live-rundata-1.json"
    runs = [
        run(request(2, 0.1), runtime=2.0),
        run(request(3, 0.2), "TIMEOUT", runtime=5.0),
        run(request(4, 0.3, cutoff=1.0), "TIMEOUT", runtime=1.0),
        run(request(5, 0.4), "CRASHED", quality=3.0),
        run(request(6, 0.5), "KILLED", runtime=0.5),
        run(request(7, 0.6), "ABORT"),
        run(request(8, 0.7), "UNSAT", runtime=3.0),
        run(request(9, 1.5)),
    ]
    path.write_text(instances("no_instance") + "".join(runs))
    runtime = taken(tmp_path, path, "run_obj = RUNTIME", "cutoff_time = 5")
    assert told(runtime) == [
        (0.1, "SUCCESS", 2.0),
        (0.2, "TIMEOUT", 50.0),
        (0.3, "TIMEOUT", None),
        (0.4, "CRASHED", 50.0),
        (0.5, "TIMEOUT", None),
        (0.7, "SUCCESS", 3.0),
    ]
    assert runtime.passed == 2
    assert runtime.note.startswith(
        "warm start: 6 of 8 runs of old taken over; 2 not, the first because it asked for its study to stop"
    )
    quality = taken(tmp_path, path, "cutoff_time = 5")
    assert told(quality)[1:5] == [
        (0.2, "TIMEOUT", 1.0),
        (0.3, "TIMEOUT", 1.0),
        (0.4, "CRASHED", 1e9),
        (0.5, "TIMEOUT", None),
    ]


def test_configuration_counts_as_average_on_an_instance_that_it_has_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "live-rundata-1.json"
    runs = [
        run(request(2, 0.1), quality=1.0),
        run(request(2, 0.1, instance=3), quality=100.0),
        run(request(3, 0.2), quality=4.0),
        run(request(4, 0.3, instance=3), quality=90.0),
        run(request(4, 0.3, instance=3), quality=1.0),
    ]
    path.write_text(instances("i1", "i2") + "".join(runs))
    found = taken(tmp_path, path, "instances = instances.txt", instances="i1\ni2\n")
    assert told(found) == [(0.1, "SUCCESS", 50.5), (0.2, "SUCCESS", 49.5), (0.3, "SUCCESS", 46.25)]
    assert found.note == (
        "warm start: 4 of 4 runs of old taken over, as 3 configurations; 1 that stand there twice are dropped"
    )


def test_output_folder_gives_live_runs_and_states_and_skips_other_instances(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "state-run1").mkdir(parents=True)
    (folder / "live-rundata-1.json").write_text(instances("no_instance") + run(request(2, 0.5)))
    (folder / "live-rundata-2.json").write_text(instances("i1", "i2") + run(request(2, 0.125)))
    (folder / "traj-run-1.txt").touch()
    make_state(folder / "state-run3", 2, "1,1,1,0.75,0,5.0,-1,1.0,0.0,1,0.75,1,1.0,SAT,,1.0,")
    make_state(folder / "state-run3", 4, "1,2,1,0.25,0,5.0,-1,1.0,0.0,1,0.25,1,1.0,SAT,,1.0,")
    found = taken(tmp_path, folder)
    assert told(found) == [(0.5, "SUCCESS", 1.0), (0.75, "SUCCESS", 0.25)]
    assert found.words == ["old/live-rundata-2.json is skipped: its instances are 2, not 1"]
    assert told(taken(tmp_path, folder / "state-run3")) == [(0.75, "SUCCESS", 0.25)]
    assert told(taken(tmp_path, folder / "state-run3/runs_and_results-it2.csv")) == [(0.25, "SUCCESS", 0.75)]


def make_state(folder: Path, iteration: int, *rows: str, configs: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    configs = configs or "1: c='a', d='0.5', x='0.25'\n2: c='b', d='1.0E-3', x='0.75'\n"
    (folder / f"paramstrings-it{iteration}.txt").write_text(configs)
    path = folder / f"runs_and_results-it{iteration}.csv"
    path.write_text("\n".join(["Run Number,Run History Configuration ID,Instance ID,", *rows, ""]))
    return path


def test_state_is_read_as_smac_v2_restores_it(tmp_path: Path) -> None:
    rows = [
        "1,1,2,9,0,5.0,12,1.5,0.0,0,2.5,0,1.5,SAT,text,0.5,",  # the name of the status goes before its number
        "2,2,1,9,0,5.0,3.0E0,2.5,-1.0,-1,7.5,0,4.0",  # of MATLAB: no name, and a seed as a real
        "3,2,2,9,1,1.0,4,1.0,-1.0,0,0.0,1,5.0,TIMEOUT,,1.0,",
    ]
    path = make_state(tmp_path / "state", 3, *rows)
    (path.parent / "instances.txt").write_text('"one","a"\n"two","b"\n')
    found = read_state(path, "old", ())
    assert [(each.run.instance, each.run.seed, each.run.status) for each in found.runs] == [
        ("two", 12, "SAT"),
        ("one", 3, "CRASHED"),
        ("two", 4, "TIMEOUT"),
    ]
    assert [(each.run.runtime_s, each.run.quality, each.run.additional) for each in found.runs] == [
        (1.5, 2.5, "text"),
        (2.5, 7.5, ""),
        (1.0, 0.0, ""),
    ]
    assert found.runs[2].run.is_censored(5.0)
    assert [each.settings["x"] for each in found.runs] == ["0.25", "0.75", "0.75"]


@pytest.mark.parametrize(
    ("code", "name"), [(0, "TIMEOUT"), (1, "SAT"), (2, "UNSAT"), (-1, "CRASHED"), (-2, "ABORT"), (-3, "KILLED")]
)
def test_number_of_a_status_counts_where_its_name_is_missing(tmp_path: Path, code: int, name: str) -> None:
    path = make_state(tmp_path / "state", 1, f"-,1,1,-,0,5.0,-1,1.0,0.0,{code},2.5,1,-")
    assert [each.run.status for each in read_state(path, "old", ("no_instance",)).runs] == [name]


BAD_LIVE = [
    ("", "old: is empty; a file of runs begins with an array of instances."),
    ("{}", "old: character 0: expected an array of instances; this is no file of SMAC v2's runs."),
    ("x,cost\n1,2\n", "old: character 0: is no JSON: Expecting value."),
    ('[{"@pi-id": 2, "pi-name": 3}]', "old: character 0: an instance has no pi-name."),
    (f"{instances('i')}[1]", "expected a run, an object with r-rc, found [1]."),
    (f"{instances('i')}{{,}}", "is no JSON: "),
    (instances("i") + run({"@rc-id": 9}), "@rc-id 9 refers to nothing that stood before."),
    (instances("i") + run({**FIRST, "rc-pc": {"@pc-id": 3}}), "@pc-id 3 refers to nothing that stood before."),
    (instances("i") + run({**FIRST, "rc-pc": 3}), "an object with @pc-id is missing, found 3."),
    (instances("i") + run({**FIRST, "rc-cutoff": "x"}), "rc-cutoff = x is no number."),
    (instances("i") + run({**FIRST, "rc-cutoff": True}), "rc-cutoff = True is no number."),
    (instances("i") + run(FIRST, "GREAT"), 'r-run-result "GREAT" is no status.'),
    (instances("i") + run(FIRST, "RUNNING"), 'r-run-result "RUNNING" is no status.'),
    (instances("i") + run(FIRST, quality=float("nan")), "r-quality = nan is no number."),
    (instances("i") + run(FIRST).replace('"0.25"', "[]"), "pc-settings: x = [] is no text."),
    (instances("i") + run(FIRST).replace("-1", "0.5", 1), "pisp-seed = 0.5 is no seed."),
    (instances("i") + "[" * 100_000 + "]" * 100_000, "is nested too deeply."),
    (instances("i") + '{"r-rc": ' + "9" * 5000 + "}", "is no JSON: Exceeds the limit"),
]


@pytest.mark.parametrize(("text", "message"), BAD_LIVE)
def test_file_that_is_none_of_live_runs_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "live-rundata-1.json"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        read_live(path, "old")
    assert message in str(caught.value)
    assert re.match(r"old(: character \d+)?: ", str(caught.value))
    assert "\n" not in str(caught.value)


def test_live_runs_of_any_depth_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "live-rundata-1.json"
    for depth in range(900, 1001):
        path.write_text("[" * depth + "]" * depth)
        with pytest.raises(ScenarioError, match=r"nested too deeply|an object with @pi-id is missing"):
            read_live(path, "old")


BAD_STATES = [
    ("1,1,1", None, "old:2: 3 cells, but a run has at least 12."),
    ("1,9,1,0,0,5,-1,1,0,1,0,1,1,SAT,,1,", None, "old:2: configuration 9 does not stand in the file of"),
    ("1,1,2,0,0,5,-1,1,0,1,0,1,1,SAT,,1,", None, "old:2: instance 2, but there are 1."),
    ("1,1,1,0,0,5,-1,1,0,1,0,1,1,NICE,,1,", None, 'old:2: the run result "NICE" is no status.'),
    ("1,1,1,0,0,5,-1,1,0,77,0,1,1", None, 'old:2: the run result "" is no status.'),
    ("1,1,1,0,0,5,-1,fast,0,1,0,1,1,SAT", None, 'old:2: Runtime "fast" is no number.'),
    ("1,1,1,0,0,5,Infinity,1,0,1,0,1,1,SAT", None, 'old:2: Seed "Infinity" is no whole number.'),
    ("x,y,z,0,0,5,-1,1,0,1,0,1,1,SAT", None, 'old:2: Run History Configuration ID "y" is no whole number.'),
    ("", "no colon here\n", 'paramstrings-it1.txt:1: expected an id and a colon, found "no colon here".'),
    ("", "1: x='1', y\n", "paramstrings-it1.txt:1: expected name='value', found \" y\"."),
]


@pytest.mark.parametrize(("row", "configs", "message"), BAD_STATES)
def test_broken_state_is_refused_with_its_line(tmp_path: Path, row: str, configs: str | None, message: str) -> None:
    path = make_state(tmp_path / "state", 1, row, configs=configs)
    with pytest.raises(ScenarioError) as caught:
        read_state(path, "old", ("no_instance",))
    assert message in str(caught.value)


def test_bytes_that_are_no_text_and_files_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "live-rundata-1.json"
    path.write_bytes(instances("i").encode() + b"\xff\xfe")
    with pytest.raises(ScenarioError, match=re.escape("byte 0xff is no UTF-8.")):
        read_live(path, "old")
    with pytest.raises(ScenarioError, match=r"^old: is no ordinary file\.$"):
        read_live(Path("/dev/zero"), "old")
    state = make_state(tmp_path / "state", 1, "1,1,1")
    state.write_bytes(b"\xff\n")
    with pytest.raises(ScenarioError, match=re.escape("old:1: byte 0xff is no UTF-8.")):
        read_state(state, "old", ())
    state.with_name("paramstrings-it1.txt").unlink()
    with pytest.raises(ScenarioError, match=re.escape("paramstrings-it1.txt: cannot be read: No such file")):
        read_state(state, "old", ())


def test_what_a_study_leaves_is_taken_up_by_another_the_same(boxwright: RunBoxwright, tmp_path: Path) -> None:
    script = '[ $1 = i1 ] && q=$7 || q=3\necho "Result of algorithm run: SUCCESS, 1.25, 0, $q, 0"'
    lines = ("output-dir = out", "rungroup = r", "instances = instances.txt", "deterministic = 0", "seed = 4")
    file = make_smac2(tmp_path / "s", *lines, script=script, instances="i1\ni2,\n".replace(",", ""), pcs=PCS)
    assert boxwright("run", file).returncode == 0
    old = [json.loads(boxwright("results", "out/r", "--json").stdout)][0]
    state = tmp_path / "out/r/state-run4"
    for source in (tmp_path / "out/r/live-rundata-4.json", state):
        found = taken(tmp_path, source, *lines[2:], instances="i1\ni2\n")
        wanted = {json.dumps(record["config"], sort_keys=True) for record in old}
        assert {json.dumps(dict(each.config), sort_keys=True) for each in found.runs} == wanted
        assert sorted(each.quality or 0 for each in found.runs) == sorted(
            (a["quality"] + b["quality"]) / 2 for a, b in zip(old[::2], old[1::2], strict=True)
        )
        assert len(found.runs) + found.merged == len(old)

    # And through the options of a scenario, from start to end.
    for path in (tmp_path / "out/r").iterdir():
        if path.name != "state-run4":
            path.unlink() if path.is_file() else None
    more = (*lines[2:], "restore-state-from = ../out/r/state-run4", "runcount_limit = 2")
    done = boxwright("run", make_smac2(tmp_path / "s2", *more, script=script, instances="i1\ni2\n", pcs=PCS))
    assert done.returncode == 0, done.stderr
    assert "restore-state-from: its runs go to the model; they are no runs of this study" in done.stderr
    assert f"warm start: 6 of 6 runs of {state} taken over, as 3 configurations" in done.stderr
    best = min(old[::2], key=lambda record: record["quality"])
    (first, _) = json.loads(boxwright("results", "studies/scenario", "--json").stdout)
    assert first["config"] == best["config"]


def test_shared_model_takes_the_runs_of_others_and_leaves_its_own_beside(
    boxwright: RunBoxwright, tmp_path: Path
) -> None:
    shared = tmp_path / "out/group"
    shared.mkdir(parents=True)
    (shared / "live-rundata-7.json").write_text(instances("no_instance") + run(request(2, 0.5), quality=-2.0))
    lines = ("output-dir = out", "rungroup = group", "shared-model-mode = true", "runcount_limit = 3")
    file = make_smac2(tmp_path / "s", *lines, "seed = 3", pcs=PCS)
    done = boxwright("run", file)
    assert done.returncode == 0, done.stderr
    assert f"warm start: 1 of 1 run of {shared} taken over" in done.stderr
    log = (tmp_path / "studies/group-3/study.log").read_text()
    assert "shared runs in the model" in log
    own = read_live(shared / "live-rundata-3.json", "own")
    assert len(own.runs) == 3
    assert float(own.runs[0].settings["x"]) == 0.5
    assert (shared / "state-run3/runs_and_results-it3.csv").exists()
    assert read_live(shared / "live-rundata-7.json", "others").runs[0].run.quality == -2.0

    # A second one with the same number would write over the first one's files.
    again = boxwright("run", file, "--study", "other")
    assert again.returncode == 2
    assert f"{shared}/live-rundata-3.json is there already, of another process" in again.stderr
    assert not (tmp_path / "other").exists()


FOLLOWED = """
seen() { grep -q "runs of others: 1 more" ../out/group/study.log; }
n=0; [ -e third ] && until seen || [ $((n += 1)) -gt 3000 ]; do sleep 0.02; done
[ -e second ] && [ ! -e third ] && touch third && cp ../sent/* ../out/group
touch second; echo "Result of algorithm run: SUCCESS, 1, 0, 0.5, 0"
"""


def test_runs_that_others_write_meanwhile_are_read_again_for_the_model(
    boxwright: RunBoxwright, tmp_path: Path
) -> None:
    (tmp_path / "sent").mkdir()
    for number, text in ((8, "[ nonsense ]"), (9, instances("no_instance") + run(request(2, 0.25), quality=-2.0))):
        (tmp_path / f"sent/live-rundata-{number}.json").write_text(text)
    lines = ("output-dir = out", "rungroup = group", "shared-model-mode = true", "runcount_limit = 8", "cores = 1")
    file = make_smac2(
        *(tmp_path / "s", *lines, "shared-model-mode-frequency = 0", "seed = 3"), pcs=PCS, script=FOLLOWED
    )
    done = boxwright("run", file)
    assert done.returncode == 0, done.stderr
    log = (tmp_path / "out/group/study.log").read_text()
    assert log.count("runs of others: live-rundata-8.json: ") == 1
    assert re.search(r"seed 1: \d own \+ 1 shared runs in the model", log)
    records = json.loads(boxwright("results", "out/group", "--json").stdout)
    assert len(records) == 8
    assert 0.25 not in {record["config"]["x"] for record in records}
    assert len(read_live(tmp_path / "out/group/live-rundata-3.json", "own").runs) == 8

    # A second study in the same folder, under a number of its own.
    done = boxwright("run", file, "--set", "seed=12", "--runs", "1")
    assert done.returncode == 0, done.stderr
    for number, runs in ((3, "8 of 8 runs"), (9, "1 of 1 run")):
        assert f"warm start: {runs} of {tmp_path}/out/group/live-rundata-{number}.json taken over" in done.stderr
    assert (tmp_path / "studies/group-12/study.db").exists()
    assert len(read_live(tmp_path / "out/group/live-rundata-12.json", "own").runs) == 1


def test_runs_of_others_need_a_folder_that_is_shared(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    scenario = make_scenario(design="[optimizer]\nruns = 1\nfollow_s = 5\n")
    done = boxwright("check", scenario)
    assert done.returncode == 2
    assert f"{scenario}: optimizer.follow_s: there is no study.smac2" in done.stderr


def test_folder_without_anything_is_named_with_what_was_looked_for(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    scenario = make_scenario(design='[optimizer]\nruns = 1\nwarm_start = ["../empty"]\n')
    done = boxwright("check", scenario)
    assert done.returncode == 2
    assert (
        '"../empty" is a folder, but no study: it holds no scenario.toml and space.json, and no runs of SMAC v2'
        in (done.stderr)
    )
