"""Option files of SMAC v2: what every option means here, by each of its names, and what is said of the others."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import msgspec
import pytest

from boxwright.commands.convert import convert
from boxwright.errors import ScenarioError
from boxwright.scenario import load_scenario
from boxwright.scenario.smac2.options import BY_NAME, OPTIONS, REPEATED
from smac2_support import BASE, make_smac2


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start boxwright in a folder of its own, as people do."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(here))


def value_at(file: Path, key: str) -> object:
    value: object = json.loads(msgspec.json.encode(load_scenario(file).scenario))
    for part in key.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]  # type: ignore[index]
    return value


def complaint(file: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{file}")


RUNTIME = ("run_obj = RUNTIME", "cutoff_time = 5")

STATE = "sub/runs_and_results-it4.csv"
TESTED = ("test-instances = instances.txt",)
HONOURED = [
    ("algo-exec", 'sh "a b" -c', (), "command.argv", ["sh", "a b", "-c"]),
    ("algo-exec", "./wrapper.sh {{seed}}", (), "command.argv.1", '{{ "{" }}{{ "{" }}seed}}'),
    ("algo-exec-dir", "sub", (), "command.folder", "sub"),
    ("algo-deterministic", "false", (), "study.noisy", True),
    ("algo-deterministic", "0", (), "study.seed", 1),
    ("algo-deterministic", "1", (), "study.seed", 0),
    ("algo-deterministic", "TRUE", (), "study.noisy", False),
    ("algo-cutoff-time", "2.5", (), "limits.cutoff_s", 2.5),
    ("algo-cutoff-time", "5", (), "limits.cutoff_factor", 10.0),
    ("algo-cutoff-time", "2147483647", (), "limits.cutoff_s", None),
    ("algo-cutoff-time", "1.7976931348623157E308", (), "limits.cutoff_s", None),
    ("cli-call-params-with-quotes", "true", (), "command.flags", "smac2-quoted"),
    (
        *("cli-listen-for-updates", "false", (), "environment.unset"),
        ["AEATK_PORT", "AEATK_CPU_TIME_FREQUENCY"],
    ),
    ("cli-observer-frequency", "1000", (), "environment.set.AEATK_CPU_TIME_FREQUENCY", "0.5"),
    ("kill-run-exceeding-captime", "false", ("cutoff_time = 5",), "limits.cutoff_factor", 1e6),
    ("kill-run-exceeding-captime-factor", "3", ("cutoff_time = 5",), "limits.cutoff_factor", 3.0),
    ("tae", "CLI", (), "command.exit_code", False),
    ("tae", "CLI", (), "parse.unsat", "success"),
    ("tae", "CLI", (), "parse.duplicates", "abort"),
    ("tae", "CLI", (), "parse.unread_runtime", "smac2"),
    ("run-obj", "quality", (), "study.objective.metric", "quality"),
    ("run-obj", "QUALITY", (), "study.objective.penalty", 1e9),
    ("run-obj", "RUNTIME", ("cutoff_time = 5",), "study.objective.par", 10.0),
    ("intra-obj", "MEAN", RUNTIME, "study.objective.par", 1.0),
    ("intra-obj", "mean10", RUNTIME, "study.objective.par", 10.0),
    ("intra-obj", "MEAN1000", RUNTIME, "study.objective.par", 1000.0),
    ("inter-obj", "MEAN", (), "study.objective.metric", "quality"),
    ("transform-crashed-quality", "false", (), "study.objective.penalty", None),
    ("transform-crashed-quality-value", "1e6", (), "study.objective.penalty", 1e6),
    ("cputime-limit", "3600", (), "limits.runtime_s", 3600.0),
    ("cputime-limit", "2147483647", (), "limits.runtime_s", None),
    ("wallclock-limit", "60", (), "limits.wallclock_s", 60.0),
    ("runcount-limit", "9", (), "optimizer.runs", 9),
    ("pcs-file", "params.pcs", (), "space.file", "params.pcs"),
    ("experiment-dir", "..", (), "space.file", "params.pcs"),
    ("instances", "instances.txt", (), "instances.names", ["i1", "i2"]),
    ("instances", "set", (), "instances.names", ["set/a.cnf", "set/b.cnf"]),
    ("test-instances", "instances.txt", (), "instances.test", "instances.txt"),
    ("feature-file", "features.csv", (), "instances.features", "features.csv"),
    ("use-instances", "false", ("instances = instances.txt",), "instances.names", []),
    ("instance-suffix", "[a].cnf", ("instances = set",), "instances.names", ["set/a.cnf"]),
    ("test-instances", "set", (), "instances.test", ["set/a.cnf", "set/b.cnf"]),
    ("test-instance-suffix", "[b].cnf", ("test-instances = set",), "instances.test", ["set/b.cnf"]),
    ("check-instances-exist", "true", ("instances = set",), "instances.names", ["set/a.cnf", "set/b.cnf"]),
    ("output-dir", "out", (), "study.folder", "out/scenario"),
    ("rungroup", "mine", ("output-dir = out",), "study.folder", "out/mine"),
    ("rungroup", "r-%SCENARIO_NAME", (), "study.name", "r-scenario"),
    ("rungroup", "%SCENARIO_FILE", (), "study.name", "scenario.txt"),
    ("seed", "7", (), "optimizer.seed", 7),
    ("seed-offset", "100", ("seed = 7",), "optimizer.seed", 107),
    ("initial-incumbent", "DEFAULT", (), "optimizer.first", ["default"]),
    ("initial-incumbent", "RANDOM", (), "optimizer.first", ["random"]),
    ("initial-incumbent", "<DEFAULT>", (), "optimizer.first", ["default"]),
    ("initial-challengers", "<RANDOM>", (), "optimizer.first", ["default", "random"]),
    ("initial-incumbent", "-x '0.25' -n '4'", (), "optimizer.first", [{"x": "0.25", "n": "4"}]),
    ("initial-challengers", "-c b", ("initial-incumbent = DEFAULT",), "optimizer.first", ["default", {"c": "b"}]),
    ("exec-mode", "ROAR", (), "optimizer.model", "random"),
    ("exec-mode", "SMAC", (), "optimizer.model", "auto"),
    ("max-incumbent-runs", "5", ("deterministic = false",), "optimizer.max_config_calls", 5),
    ("acq-func", "LCB", (), "optimizer.acquisition", "lcb"),
    ("acq-func", "EI", (), "optimizer.acquisition", "ei"),
    ("cores", "2", (), "slots.count", 2),
    ("shared-model-mode", "true", (), "optimizer.seeds", None),
    ("shared-model-mode", "false", (), "optimizer.seeds", 1),
    ("shared-model-mode", "true", (), "optimizer.follow_s", 300.0),
    ("shared-model-mode-frequency", "7.5", ("shared-model-mode = true",), "optimizer.follow_s", 7.5),
    ("shared-model-mode-frequency", "7.5", (), "optimizer.follow_s", None),
    ("abort-on-crash", "true", (), "limits.crashes", 1),
    ("abort-on-crash", "false", (), "limits.crashes", 0),
    ("abort-on-first-run-crash", "true", (), "limits.first_failures", 1),
    ("abort-on-first-run-crash", "false", (), "limits.first_failures", 0),
    ("retry-crashed-count", "2", (), "study.retries", 2),
    ("restore-state-from", "set", (), "optimizer.warm_start", ["set"]),
    ("restore-iteration", "AUTO", ("restore-state-from = set",), "optimizer.warm_start", ["set"]),
    ("restore-iteration", "4", ("restore-state-from = sub",), "optimizer.warm_start.0", STATE),
    ("warmstart", "set", (), "optimizer.warm_start", ["set"]),
    ("warmstart-iteration", "4", ("warmstart = sub",), "optimizer.warm_start", [STATE]),
    ("validation", "true", TESTED, "validation.at_end", True),
    ("validation", "false", TESTED, "validation.at_end", False),
    ("validation", "true", (), "validation.at_end", True),
    ("validation-seed", "5", TESTED, "validation.seed", 5),
    ("validate-all", "true", TESTED, "validation.incumbents", "all"),
    ("validate-only-last-incumbent", "true", TESTED, "validation.incumbents", "last"),
    ("validate-only-last-incumbent", "false", TESTED, "validation.incumbents", "times"),
    ("mult-factor", "4", TESTED, "validation.factor", 4.0),
    ("min-timestamp", "10", TESTED, "validation.from_s", 10.0),
    ("max-timestamp", "100", TESTED, "validation.until_s", 100.0),
    ("max-timestamp", "-1", TESTED, "validation.until_s", None),
    ("num-test-instances", "1", TESTED, "validation.instances", 1),
    ("num-seeds-per-test-instance", "3", (*TESTED, "deterministic = 0"), "validation.runs", 3),
    ("num-validation-runs", "5", (*TESTED, "deterministic = 0"), "validation.runs", 3),
    ("num-validation-runs", "5", (*TESTED, "deterministic = 0", "num-test-instances = 1"), "validation.runs", 5),
    ("num-validation-runs", "9", (*TESTED, "deterministic = 0", "numSeedsPerTestInstance = 2"), "validation.runs", 2),
    ("num-validation-runs", "1", TESTED, "validation.runs", 1),
]
ALIASES = [(name, *row[1:]) for row in HONOURED for name in (row[0], *BY_NAME[row[0]].aliases)]


@pytest.mark.parametrize(("name", "value", "more", "key", "wanted"), ALIASES)
def test_option_says_what_it_says_to_smac_v2(
    tmp_path: Path, name: str, value: str, more: tuple[str, ...], key: str, wanted: object
) -> None:
    folder = tmp_path / "s"
    same = {line for line in BASE if BY_NAME[line] is BY_NAME[name]}
    replaced = {base for line in more for base in BASE if BY_NAME[base] is BY_NAME[line.partition(" ")[0]]}
    file = make_smac2(folder, *more, f"{name} = {value}", drop=same | replaced, instances="i1\ni2\n")
    for path in ("sub", "set"):
        (folder / path).mkdir()
    for path in ("a.cnf", "b.cnf"):
        (folder / "set" / path).touch()
    (folder / STATE).touch()
    (folder / "features.csv").write_text("instance,size\ni1,3\ni2,-512\n")
    assert value_at(file, key) == wanted


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("command.flags", "smac2"),
        ("environment.unset", []),
        ("study.noisy", False),
        ("study.seed", 0),
        ("study.retries", 0),
        ("study.objective.penalty", 1e9),
        ("study.name", "scenario"),
        ("study.smac2", True),
        ("limits.cutoff_s", None),
        ("limits.runtime_s", None),
        ("limits.wallclock_s", None),
        ("limits.first_failures", 1),
        ("limits.crashes", 0),
        ("limits.grace_s", 3.0),
        ("optimizer.model", "auto"),
        ("optimizer.acquisition", "ei"),
        ("optimizer.seeds", 1),
        ("optimizer.follow_s", None),
        ("optimizer.warm_start", []),
        ("validation.at_end", True),
        ("validation.incumbents", "last"),
        ("validation.factor", 2.0),
        ("validation.seed", 0),
        ("instances.names", ["i1", "i2"]),
    ],
)
def test_option_that_is_left_out_is_what_smac_v2_takes(tmp_path: Path, key: str, wanted: object) -> None:
    lines = ("instances = instances.txt", *TESTED)
    assert value_at(make_smac2(tmp_path / "s", *lines, instances="i1\ni2\n"), key) == wanted


@pytest.mark.parametrize(
    ("key", "wanted"),
    [("study.folder", None), ("optimizer.seed", 0), ("optimizer.max_config_calls", 3), ("slots.count", None)],
)
def test_option_that_is_left_out_is_ours_where_the_documentation_says_so(
    tmp_path: Path, key: str, wanted: object
) -> None:
    assert value_at(make_smac2(tmp_path / "s", "deterministic = 0"), key) == wanted


def own_defaults(**texts: str) -> Path:
    folder = Path.home() / ".aeatk"
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name.replace('_', '-')}.opt").write_text(text)
    return folder


def test_files_of_defaults_set_what_the_option_file_leaves_out(tmp_path: Path) -> None:
    folder = own_defaults(
        smac="# mine\nnumrun = 7\ncores = 2\n",
        tae="retry-crashed-count = 1\ncores = 3\n",
        cli_tae="cli-observer-frequency = 1000\n",
        smac_validate="configuration-list = x\nvalidation-seed = 5\n",
    )
    file = make_smac2(tmp_path / "s", "seed = 3")
    for key, wanted in (
        ("optimizer.seed", 3),  # the option file's
        ("slots.count", 2),  # of two files of defaults, the first
        ("study.retries", 1),
        ("environment.set.AEATK_CPU_TIME_FREQUENCY", "0.5"),
        ("validation.seed", 5),
    ):
        assert value_at(file, key) == wanted
    options = "cores, retry-crashed-count, cli-observer-frequency, validation-seed"
    note = f"{folder}: sets what the option file leaves out: {options}."
    assert load_scenario(file).notes == (note,)
    made = tmp_path / "made.toml"
    assert convert(file, made) == []
    assert made.read_text().splitlines()[1] == f"# {note}"
    lost = convert(made, tmp_path / "back.txt")  # what the file itself says is looked at, not what this person adds
    assert not [line for line in lost if "slots.count" in line or "retries" in line]


def test_home_that_cannot_be_looked_at_sets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", f"/{'a' * 300}")
    assert load_scenario(make_smac2(tmp_path / "s")).notes == ()


def test_wrong_line_in_a_file_of_defaults_is_refused_with_its_place(tmp_path: Path) -> None:
    folder = own_defaults(smac="seed = 1\ncutof_time = 5\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(make_smac2(tmp_path / "s"))
    assert str(caught.value) == f'{folder}/smac.opt:2: cutof_time: unknown option. Did you mean "cutoff_time"?'


@pytest.mark.parametrize(("mark", "pattern"), [("%DATE", "%Y-%m-%d"), ("%DATETIME", "%Y-%m-%d-%H-%M-%S")])
def test_rungroup_may_name_the_moment(tmp_path: Path, mark: str, pattern: str) -> None:
    name = value_at(make_smac2(tmp_path / "s", f"rungroup = r-{mark}"), "study.name")
    time.strptime(str(name), f"r-{pattern}")


def test_every_option_is_honoured_or_says_why_not() -> None:
    honoured = {row[0] for row in HONOURED}
    assert {option.name for option in OPTIONS if not option.no_effect} == honoured


def test_no_name_stands_for_two_options() -> None:
    assert len(BY_NAME) == sum(1 + len(option.aliases) for option in OPTIONS)


@pytest.mark.parametrize("name", [name for name, option in BY_NAME.items() if option.no_effect])
def test_option_without_effect_is_said_once_with_the_reason(tmp_path: Path, name: str) -> None:
    file = make_smac2(tmp_path / "s", f"{name} = 1")
    (note,) = load_scenario(file).notes
    assert note == f"{file}:5: {name}: no effect: {BY_NAME[name].no_effect}."


NOTED = [
    ("overall_obj = MEAN10", "a quality counts as it is reported, and is averaged."),
    ("inter-obj = MEAN1000", "what a configuration comes to on its instances is averaged."),
    ("exec-mode = PSEL", "the model proposes as with SMAC."),
    ("ei-func = EXPONENTIAL", "expected improvement is taken."),
    ("maxIncumbentRuns = 20", "a deterministic command runs a configuration once on each instance."),
    ("num-validation-runs = 5", "a deterministic command runs once on each test instance."),
    ("restore-iteration = 4", "nothing that is set here looks at it."),
    ("shared-model-mode-frequency = 60", "nothing that is set here looks at it."),
    ("instance-suffix = cnf", "nothing that is set here looks at it."),
    ("feature-file = features.csv", "there are no instances that it could be about."),
]


@pytest.mark.parametrize(("line", "reason"), NOTED)
def test_value_without_effect_is_said_once_with_the_reason(tmp_path: Path, line: str, reason: str) -> None:
    file = make_smac2(tmp_path / "s", line, instances="i1\n")
    (tmp_path / "s" / "features.csv").write_text("instance,size\n")
    (note,) = load_scenario(file).notes
    assert note == f"{file}:5: {line.partition(' ')[0]}: no effect: {reason}"


REFUSED = [
    ("cutof_time = 5", ':5: cutof_time: unknown option. Did you mean "cutoff_time"?'),
    ("wallclock-limi = 5", ':5: wallclock-limi: unknown option. Did you mean "wallclock-limit"?'),
    ("zzz = 5", ":5: zzz: unknown option. The options of SMAC v2 are known, and none is like it."),
    ("p = params.pcs", ':5: p: unknown option. SMAC v2 calls it "pcs-file".'),
    ("ta = ./w", ':5: ta: unknown option. SMAC v2 calls it "algo".'),
    ("--seed = 5", ":5: --seed: dashes belong to the command line. Write seed = …"),
    ("execdir", ':5: "execdir" sets nothing: write key = value.'),
    (
        "[command]",
        ':5: "[command]" sets nothing: write key = value. A scenario in TOML is a file that ends in .toml.',
    ),
    ("numrun = x", ':5: numrun: found "x", expected a whole number of at least 0.'),
    ("seed = -1", ':5: seed: found "-1", expected a whole number of at least 0.'),
    ("seed = 2147483648", ':5: seed: found "2147483648", expected a whole number below 2147483648, seed-offset'),
    ("seed = 7\nseed-offset = 2147483641", ':5: seed: found "7", expected a whole number below 2147483648, seed-'),
    ("seed = 1\nnumRun = 2", ":6: numRun: is set twice, first at {file}:5: seed. Keep one of them."),
    ("seed =", ":5: seed: has no value. Write one, or take the line out."),
    ("deterministic = yes", ':5: deterministic: found "yes", expected true or false.'),
    ("run_obj = SPEED", ':4: run_obj: found "SPEED". Known: QUALITY, RUNTIME.'),
    ("run_obj = RUNTME", ':4: run_obj: found "RUNTME". Did you mean "RUNTIME"?'),
    ("run_obj = RUNTIME", ":4: run_obj: run_obj = RUNTIME scores runs by the cutoff. Set cutoff_time."),
    ("mult-factor = 1.000001", ':5: mult-factor: found "1.000001", expected a number of at least 1.01.'),
    ("min-timestamp = -1", ':5: min-timestamp: found "-1", expected a number of at least 0.'),
    ("test-instances = none", ':5: test-instances: there is no "none". Tried in '),
    ("overall_obj = MEDIAN", ':5: overall_obj: found "MEDIAN". Did you mean "MEAN"?'),
    ("cutoff_time = 0", ':5: cutoff_time: found "0", expected a number above 0.'),
    ("cutoff_time = -5", ':5: cutoff_time: found "-5", expected a number of at least 0.'),
    ("cutoff_time = 5 s", ':5: cutoff_time: found "5 s", expected a number of at least 0.'),
    ("cutoff_time = 1_0", ':5: cutoff_time: found "1_0", expected a number of at least 0.'),
    ("runcount_limit = 0", ':4: runcount_limit: found "0", expected a whole number of at least 1.'),
    ("pcs-file = none.pcs", ':4: pcs-file: there is no "none.pcs". Tried in '),
    ("pcs-file = NULL", ":4: pcs-file: NULL is a space without parameters: there is nothing to search."),
    ("pcs-file = SINGLETON", ":4: pcs-file: SINGLETON is a space without parameters: there is nothing to search."),
    ("instances = none", ':5: instances: there is no "none". Tried in '),
    (
        "instances = .",
        ":5: instances: the folder holds files of several extensions (.pcs, .sh, .txt). Set instance-suf",
    ),
    ("instances = .\ninstance-suffix = (", ":5: instances: instance-suffix is no regular expression: "),
    ("instances = .\ninstance-suffix = zz", ":5: instances: the folder holds no instance."),
    ("feature-file = .", ':5: feature-file: "." is a folder, expected a file.'),
    ("instances = instances.txt\ncheck-instances-exist = true", ':5: instances: there is no "i1". Tried in '),
    ("execdir = nowhere", ':5: execdir: there is no folder "nowhere".'),
    ('algo = ./wrapper.sh "a', ":4: algo: cannot be cut into words: a quote is not closed"),
    ('algo = ""', ":4: algo: the program is empty. Write its name or path."),
    ("tae = IPC", ':5: tae: "IPC" is not there: a command is run. Write CLI.'),
    ("initial-incumbent = x=1", ":5: initial-incumbent: cannot be read from 'x=1' on. Write -name 'value' "),
    ("initial-incumbent = -x 1 -x 2", ":5: initial-incumbent: names x twice. Write -name 'value' "),
    ("cores = 5000", ":5: cores: found the number 5000, expected a whole number of at least 1 and of at most 4096"),
    ("warmstart = nowhere", ':5: warmstart: there is no "nowhere". Tried in '),
    (
        "restore-state-from = states\nrestore-iteration = 8",
        ":6: restore-iteration: {folder}/states holds no state of iteration 8. There are: 2, 4.",
    ),
    (
        "warmstart = .\nwarmstart-iteration = x",
        ':6: warmstart-iteration: found "x", expected a whole number of at le',
    ),
    ("instances = six.txt\nrunCount = 3", ':6: runCount: unknown option. Did you mean "'),
    ("instances = seven.txt", ":4: runcount_limit: one configuration on 7 instances is 7 runs, found 6. "),
    (
        "memory_limit = 512",
        ":5: memory_limit: SMAC v2 has no such option. Take it out, and give --set limits.memory=",
    ),
    (
        "deterministic = 1 # yes",
        ':5: deterministic: found "1 # yes", expected true or false. A comment stands on a line of its own.',
    ),
]


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_wrong_option_is_refused_with_file_line_and_what_would_be_right(
    tmp_path: Path, line: str, message: str
) -> None:
    file = make_smac2(tmp_path / "s", line, instances="i1\n")
    (tmp_path / "s" / "seven.txt").write_text("".join(f"i{n}\n" for n in range(7)))
    if "runcount_limit" in message and "one configuration" in message:
        message = message.replace(":4:", ":3:")
    (tmp_path / "s" / "states").mkdir()
    for iteration in (2, 4):
        (tmp_path / "s" / "states" / f"runs_and_results-it{iteration}.csv").touch()
    message = message.replace("{file}", str(file)).replace("{folder}", str(file.parent))
    assert complaint(file).startswith(message)


@pytest.mark.parametrize("key", ["algo", "run_obj", "pcs-file"])
def test_missing_option_is_named(tmp_path: Path, key: str) -> None:
    file = make_smac2(tmp_path / "s", drop=[key])
    assert complaint(file) == f": {key} is missing. Write {key} = …"


def test_scenario_without_any_limit_is_refused(tmp_path: Path) -> None:
    file = make_smac2(tmp_path / "s", drop=["runcount_limit"])
    wanted = "no limit is set, so it would never end. Set runcount-limit, wallclock-limit or cputime-limit."
    assert complaint(file) == f": {wanted}"


def test_comments_blank_lines_and_the_ends_of_lines_of_windows_are_passed_over(tmp_path: Path) -> None:
    file = make_smac2(tmp_path / "s", "# a comment", "! another", "", "seed = 3")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert value_at(file, "optimizer.seed") == 3


def test_options_that_may_be_repeated_are_all_kept(tmp_path: Path) -> None:
    file = make_smac2(tmp_path / "s", "initial-challengers = RANDOM", "initialChallengers = -c 'b'")
    assert value_at(file, "optimizer.first") == ["default", "random", {"c": "b"}]
    assert REPEATED == ("initial-challengers",)


def test_set_overrides_an_option_and_is_named_where_it_is_wrong(tmp_path: Path) -> None:
    file = make_smac2(tmp_path / "s", "cores = 2")
    assert load_scenario(file, ["slots.count=3"]).scenario.slots.count == 3
    with pytest.raises(ScenarioError, match=re.escape("--set slots.count: found the number 0")):
        load_scenario(file, ["slots.count=0"])


def test_options_may_be_set_as_on_the_command_line_of_smac_v2(tmp_path: Path) -> None:
    file = make_smac2(tmp_path / "s", "seed = 1", "initial-challengers = RANDOM", "cores = 2")
    texts = ["numRun=3", "seed=4", "initial-challengers=-c 'b'", "cutoff_time=5", "cores=3", "slots.count=1"]
    found = load_scenario(file, texts).scenario
    assert found.optimizer is not None
    assert (found.optimizer.seed, found.limits.cutoff_s, found.slots.count) == (4, 5.0, 1)
    assert list(found.optimizer.first) == ["default", {"c": "b"}]
    with pytest.raises(ScenarioError, match=re.escape('--set cutoff_time: found "x", expected a number of at least')):
        load_scenario(file, ["cutoff_time=x"])


def test_study_that_shares_a_folder_with_others_has_one_of_its_own(tmp_path: Path) -> None:
    file = make_smac2(tmp_path / "s", "output-dir = out", "rungroup = g", "shared-model-mode = true", "seed = 3")
    shared = Path("out/g").absolute()
    shared.mkdir(parents=True)
    (shared / "scenario.toml").write_text("[optimizer]\nseed = 3\n")
    assert value_at(file, "study.folder") == "out/g"  # the same study once more
    (shared / "scenario.toml").write_text("[optimizer]\nseed = 9\n")
    (shared / "live-rundata-9.json").write_text("[ ]")
    found = [value_at(file, f"study.{key}") for key in ("folder", "smac2", "name")]
    assert found == [None, str(shared), "g-3"]
    assert value_at(file, "optimizer.warm_start") == []  # the other one has only begun
    (shared / "live-rundata-9.json").write_text('[ ] { "r-rc" : 1 }')
    assert value_at(file, "optimizer.warm_start") == [f"{shared}/live-rundata-9.json"]


def test_folder_that_holds_only_a_scenario_of_smac_v2_stands_for_it(tmp_path: Path) -> None:
    file = make_smac2(tmp_path / "s")
    assert load_scenario(tmp_path / "s").path == file


def test_algo_works_where_boxwright_is_started_if_its_files_are_there(tmp_path: Path) -> None:
    file = make_smac2(tmp_path / "s", "algo = sh wrapper.sh")
    assert value_at(file, "command.folder") == "."
    (tmp_path / "here" / "wrapper.sh").touch()
    assert value_at(file, "command.folder") == str(tmp_path / "here")


def test_paths_start_at_the_experiment_then_at_the_option_file_then_where_boxwright_is(tmp_path: Path) -> None:
    bases = {"experiment": tmp_path / "experiment", "file": tmp_path / "s", "here": tmp_path / "here"}
    file = make_smac2(tmp_path / "s", "experiment-dir = ../experiment", "instances = list.txt")
    for name, base in bases.items():
        base.mkdir(exist_ok=True)
        (base / "list.txt").write_text(f"{name}\n")
    for name, base in bases.items():
        assert value_at(file, "instances.names") == [name]
        (base / "list.txt").unlink()


def test_pcs_file_is_looked_for_in_every_folder_above(tmp_path: Path) -> None:
    make_smac2(tmp_path / "above")
    file = make_smac2(tmp_path / "above" / "s")
    (tmp_path / "above" / "s" / "params.pcs").unlink()
    assert value_at(file, "space.file") == str(tmp_path / "above" / "params.pcs")
