"""What SMAC v2 expects of a wrapper and reads in its files, row by row, written down apart from the code for it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from boxwright.errors import SpaceError
from boxwright.execute.messages import Ended, Exit
from boxwright.materialise.flags import flag_words
from boxwright.parse import read_outcome
from boxwright.parse.result_line import parse_result, result_body
from boxwright.scenario.model import Limits, Objective, Parse
from boxwright.scenario.smac2.options import BY_NAME
from boxwright.space import Space
from boxwright.space.draft import Draft
from boxwright.space.pcs import read_pcs
from boxwright.space.pcs_text import space_to_pcs
from boxwright.store.records import RunRecord
from boxwright.study.costs import settles_trial
from boxwright.study.spent import Spent
from boxwright.terms import Outcome, Status, Trial, Value
from test_store_config_records import SOME

# ---------------------------------------------------------------------------------------------- the call

LARGEST = "1.7976931348623157E308"


@pytest.mark.parametrize(
    ("trial", "keys", "words"),
    [
        (Trial(1, {}), {}, f"no_instance 0 {LARGEST} 2147483647 -1"),
        (Trial(1, {}, instance="a.cnf"), {"cutoff_s": 5.0}, "a.cnf 0 5.0 2147483647 -1"),
        (Trial(1, {}, instance="a"), {"specific": {"a": "SAT"}}, f"a SAT {LARGEST} 2147483647 -1"),
        (Trial(1, {}, seed=17), {"cutoff_s": 0.25}, "no_instance 0 0.25 2147483647 17"),
        (Trial(1, {}, seed=17), {"cutoff_s": 1e7}, "no_instance 0 1.0E7 2147483647 17"),
        (Trial(1, {"n": 7}), {"cutoff_s": 5.0}, "no_instance 0 5.0 2147483647 -1 -n 7"),
        (Trial(1, {"x": 1e-5}), {"cutoff_s": 5.0, "reals": ["x"]}, "no_instance 0 5.0 2147483647 -1 -x 1.0E-5"),
        (Trial(1, {"x": 3.0}), {"cutoff_s": 5.0, "reals": ["x"]}, "no_instance 0 5.0 2147483647 -1 -x 3.0"),
        (Trial(1, {"c": "01"}), {"cutoff_s": 5.0}, "no_instance 0 5.0 2147483647 -1 -c 01"),
        (Trial(1, {"b": "a", "a": "b"}), {"cutoff_s": 5.0}, "no_instance 0 5.0 2147483647 -1 -b a -a b"),
    ],
)
def test_call_line_is_that_of_smac_v2(trial: Trial, keys: dict[str, object], words: str) -> None:
    assert flag_words(trial, "smac2", **keys) == words.split()  # type: ignore[arg-type]


def test_older_versions_quote_values_inside_the_argument() -> None:
    assert flag_words(Trial(1, {"x": 0.5}), "smac2-quoted", reals=["x"], cutoff_s=1.0)[5:] == ["-x", "'0.5'"]


# ---------------------------------------------------------------------------------------------- the result line


@pytest.mark.parametrize(
    ("line", "status", "runtime_s", "quality"),
    [
        ("Result of algorithm run: SAT, 1, 0, 2, 0", Status.SUCCESS, 1, 2),
        ("Result of this algorithm run: SUCCESS, 1e-3, -1, 1E1, 7, more", Status.SUCCESS, 0.001, 10),
        ("Result for ParamILS: TIMEOUT, 5.0, 0, 9, 1", Status.TIMEOUT, 5, 9),
        ("Result for SMAC: CRASHED, 0, 0, 0, -1", Status.CRASHED, 0, 0),
        ("Final Result for HAL: UNSATISFIABLE, .5, 0, 0, 1", Status.UNSAT, 0.5, 0),
        ("Result of this wrapper: ABORT, 1., 0, 0, 1", Status.ABORT, 1, 0),
        ('Result of this algorithm run: {"status": "SUCCESS", "cost": 0.5, "runtime": 2}', Status.SUCCESS, 2, 0.5),
        ('Result of this algorithm run: {"status": "CRASHED", "runtime": 2}', Status.CRASHED, 2, None),
    ],
)
def test_result_line_is_read_in_every_dialect(line: str, status: Status, runtime_s: float, quality: float) -> None:
    body = result_body(line.encode())
    assert body is not None
    found = parse_result(body.decode())
    assert (found.status, found.runtime_s, found.quality) == (status, runtime_s, quality)


@pytest.mark.parametrize(
    ("fields", "runtime_s"),
    [("SAT, 1.5, 0, Infinity, 0", 1.5), ("UNSAT, 2, -1, 0, 0", 2), ("SUCCESS, 1E-5, 7, -3, 0", 1e-5)],
)
def test_runtime_is_what_counts_where_it_is_the_objective(tmp_path: Path, fields: str, runtime_s: float) -> None:
    (tmp_path / "stdout.log").write_text(f"Result for ParamILS: {fields}\n")
    exit_ = Exit(run=1, ended_by=Ended.EXITED, exit_code=10)
    objective, parse = Objective(metric="runtime", par=10.0), Parse(result_line=True, unsat="success")
    found = read_outcome(parse, objective, exit_, tmp_path, has_postprocess=False, exit_code_matters=False)
    assert (found.status, found.quality, found.runtime_s) == (Status.SUCCESS, runtime_s, runtime_s)


@pytest.mark.parametrize(
    ("status", "crashed_before", "is_settled"),
    [
        (Status.CRASHED, 0, False),
        (Status.CRASHED, 1, False),
        (Status.CRASHED, 2, True),
        *((status, 0, True) for status in (Status.SUCCESS, Status.TIMEOUT, Status.ABORT, Status.KILLED)),
    ],
)
def test_only_a_crash_is_tried_again_and_as_often_as_is_said(
    status: Status, crashed_before: int, is_settled: bool
) -> None:
    assert settles_trial(Outcome(status), crashed_before, retries=2) is is_settled


@pytest.mark.parametrize(
    ("status", "runtime_s", "wall_s", "charged_s"),
    [
        (Status.SUCCESS, 2.0, 9.0, 2.0),
        (Status.SUCCESS, 0.01, 9.0, 0.1),
        (Status.TIMEOUT, 3.0, 9.0, 3.0),
        (Status.CRASHED, 0.5, 9.0, 0.5),
        (Status.CRASHED, None, 4.0, 4.0),
        (Status.CRASHED, None, None, 0.1),
    ],
)
def test_run_is_charged_to_the_time_of_all_runs_as_by_smac_v2(
    status: Status, runtime_s: float | None, wall_s: float | None, charged_s: float
) -> None:
    names = {name: getattr(SOME, name) for name in RunRecord.__dataclass_fields__}
    record = RunRecord(**{**names, "status": status, "runtime_s": runtime_s, "wall_s": wall_s})
    for limit_s, is_reached in ((charged_s, True), (charged_s + 0.001, False)):
        spent = Spent(Limits(runtime_s=limit_s))
        spent.hear(record)
        assert bool(spent.text(Path())) is is_reached


@pytest.mark.parametrize(
    ("printed", "rule", "cutoff_s", "told_s", "runtime_s"),
    [
        ("", "smac2", 5.0, None, 0.0),
        ("", "smac2", 5.0, 1.5, 1.5),
        ("", "clock", 5.0, None, None),
        ("Result of algorithm run: SUCCESS, 1, 1\n", "smac2", 5.0, None, 5.0),
        ("Result of algorithm run: SUCCESS, 1, 1, x, 0\n", "smac2", 5.0, 1.5, 5.0),
        ("Result of algorithm run: WON, 1, 1, 1, 0\n", "smac2", None, 1.5, 1.5),
        ("Result of algorithm run: SUCCESS, 1, 1\n", "clock", 5.0, None, None),
        ("Result of algorithm run: CRASHED, 2, 0, 0, 0\n", "smac2", 5.0, 1.5, 2.0),
    ],
)
def test_run_without_a_result_line_that_can_be_read_is_charged_as_by_smac_v2(
    tmp_path: Path,
    printed: str,
    rule: Literal["clock", "smac2"],
    cutoff_s: float | None,
    told_s: float | None,
    runtime_s: float | None,
) -> None:
    (tmp_path / "stdout.log").write_text(printed)
    exit_ = Exit(run=1, ended_by=Ended.EXITED, exit_code=0, wall_s=9.0, told_s=told_s)
    found = read_outcome(
        Parse(result_line=True, duplicates="abort", unread_runtime=rule),
        Objective(),
        exit_,
        tmp_path,
        has_postprocess=False,
        exit_code_matters=False,
        cutoff_s=cutoff_s,
    )
    assert (found.status, found.runtime_s) == (Status.CRASHED, runtime_s)


# ---------------------------------------------------------------------------------------------- option files

ALIASES = """
algo-exec algoExec algo
algo-exec-dir exec-dir execDir execdir
algo-deterministic deterministic
run-obj run-objective runObj run_obj
intra-obj intra-instance-obj overall-obj intraInstanceObj overallObj overall_obj intra_instance_obj
inter-obj inter-instance-obj interInstanceObj inter_instance_obj
algo-cutoff-time target-run-cputime-limit target_run_cputime_limit cutoff-time cutoffTime cutoff_time
algo-cutoff-length cutoffLength cutoff_length
cputime-limit cputime_limit tunertime-limit tuner-timeout tunerTimeout
wallclock-limit wallclock_limit runtime-limit runtimeLimit wallClockLimit
runcount-limit runcount_limit totalNumRunsLimit numRunsLimit numberOfRunsLimit
iteration-limit numIterations numberOfIterations
use-cpu-time-in-tunertime countSMACTimeAsTunerTime
max-norun-challenge-limit maxConsecutiveFailedChallengeIncumbent
terminate-on-delete
pcs-file param-file paramFile paramfile
instances instance-file instance-dir instanceFile i instance_file instance_seed_file
test-instances test-instance-file test-instance-dir testInstanceFile test_instance_file test_instance_seed_file
feature-file instanceFeatureFile feature_file
use-instances
instance-suffix instance-regex
test-instance-suffix test-instance-regex
check-instances-exist checkInstanceFilesExist
output-dir outputDirectory outdir
rungroup rungroup-name runGroupName
seed num-run numrun numRun
seed-offset seedOffset
initial-incumbent initialIncumbent
initial-challengers initialChallengers
exec-mode execution-mode executionMode
adaptive-capping ac adaptiveCapping
max-incumbent-runs maxIncumbentRuns maxRunsForIncumbent
intensification-percentage intensificationPercentage frac_rawruntime
acq-func acquisition-function ei-func expected-improvement-function expectedImprovementFunction
num-challengers numChallengers numberOfChallengers
num-ei-random numEIRandomConfigs
rf-num-trees num-trees numTrees nTrees
rf-split-min split-min
rf-ratio-features ratioFeatures
rf-log-model log-model logModel
cores numConcurrentAlgoExecs maxConcurrentAlgoExecs numberOfConcurrentAlgoExecs cli-cores
restore-scenario restoreScenario
restore-state-from restoreStateFrom
restore-iteration restoreStateIteration restoreIteration
warmstart warmstart-from
warmstart-iteration
state-serializer stateSerializer
save-context saveContext saveContextWithState
clean-old-state-on-success cleanOldStateOnSuccess
save-runs-every-iteration
quick-saves
intermediary-saves
validation doValidation
shared-model-mode share-model-mode shared-run-data share-run-data
shared-model-mode-frequency share-model-mode-frequency shared-run-data-frequency share-run-data-frequency
shared-model-mode-tae
shared-model-mode-write-data write-json-data
shared-model-mode-default-handling
shared-model-mode-asymetric
pre-scenario-command preScenarioCommand pre_cmd
post-scenario-command postScenarioCommand post_cmd
tae targetAlgorithmEvaluator
retry-crashed-count
abort-on-crash
abort-on-first-run-crash
check-sat-consistency
check-sat-consistency-exception
verify-sat
transform-crashed-quality
transform-crashed-quality-value
kill-run-exceeding-captime
kill-run-exceeding-captime-factor
cli-call-params-with-quotes
mask-inactive-conditional-parameters-as-default-value
num-validation-runs numValidationRuns numberOfValidationRuns
validate-all validateAll
validate-only-last-incumbent validateOnlyLastIncumbent
mult-factor multFactor
min-timestamp minTimestamp
max-timestamp maxTimestamp
num-seeds-per-test-instance numSeedsPerTestInstance numberOfSeedsPerTestInstance
num-test-instances numTestInstances numberOfTestInstances
validation-cores
validation-seed
"""


@pytest.mark.parametrize("row", ALIASES.split("\n")[1:-1])
def test_option_is_known_by_all_its_names(row: str) -> None:
    name, *aliases = row.split()
    assert {BY_NAME[alias].name for alias in (name, *aliases)} == {name}


# ---------------------------------------------------------------------------------------------- parameter files


def read(text: str) -> Space:
    draft = Draft()
    read_pcs(text, "params.pcs", draft)
    return draft.finish("params.pcs")


@pytest.mark.parametrize(
    ("line", "default"),
    [
        ("x categorical {a, b, c} [b]", "b"),
        ("x ordinal {low, mid, high} [mid]", "mid"),
        ("x integer [1, 100] [10] log", 10),
        ("x integer [5, 5] [5]", 5),
        ("x integer [-3, 3] [0]", 0),
        ("x real [0.001, 1] [0.1] log", 0.1),
        ("x real [1e-3, 1E2] [.5]", 0.5),
        ("x {a, b, c} [b]", "b"),
        ("x [0.001, 1] [0.1]", 0.1),
        ("x [1,100] [10]i", 10),
        ("x [1,100] [10]l", 10.0),
        ("x [1,100] [10]il", 10),
        ("x [1,100] [10]li", 10),
        ("x{a,b}[a]", "a"),
        ("x [0, 1] [0.5] # a comment", 0.5),
        ("# a comment\nConditionals:\nForbidden:\n\n  x {a, b} [a]  ", "a"),
        ("@1:some/name-2.b_c {yes, no} [no]", "no"),
    ],
)
def test_parameter_line_is_read_in_both_forms(line: str, default: Value) -> None:
    found = list(read(line).default().values())
    assert found == [default]
    assert type(found[0]) is type(default)


PARENTS = "p ordinal {a, b, c} [b]\nq integer [1, 9] [5]\nr real [0, 1] [0.5]\nx {y, n} [y]\n"


@pytest.mark.parametrize(
    ("rule", "is_active"),
    [
        ("x | p == b", True),
        ("x | p == a", False),
        ("x | p != b", False),
        ("x | p > a", True),
        ("x | p < b", False),
        ("x | q > 4", True),
        ("x | q < 5", False),
        ("x | r == 0.5", True),
        ("x | p in {a, b}", True),
        ("x | p in {a,c}", False),
        ("x | p == a && q == 5 || r > 0.1", True),
        ("x | p == a && q == 5 || r > 0.9", False),
        ("x | p == b || q == 1 && r > 0.9", True),
        ("x | p in {b}\nx | q in {5}", True),
        ("x | p in {b}\nx | q in {1}", False),
    ],
)
def test_condition_holds_as_with_smac_v2(rule: str, is_active: bool) -> None:
    assert ("x" in read(f"{PARENTS}{rule}\n").default()) is is_active


def test_child_of_an_inactive_parent_is_inactive() -> None:
    text = "a {on, off} [off]\nb {on, off} [on]\nc {1, 2} [1]\nb | a == on\nc | b == on\n"
    assert read(text).default() == {"a": "off"}


@pytest.mark.parametrize(
    ("clause", "texts", "is_forbidden"),
    [
        ("{p=a, x=n}", {"p": "a", "x": "n"}, True),
        ("{p=a, x=n}", {"p": "a"}, False),
        ("{q + r > 9}", {"q": "9", "r": "0.5"}, True),
        ("{q * r - 2 >= 3}", {"q": "9", "r": "0.9"}, True),
        ("{q % 4 == 3 && r != 0.5}", {"q": "7", "r": "0.25"}, True),
        ("{q / 2 < 1 || r ^ 2 > 0.5}", {"r": "0.9"}, True),
        ("{-q < -8}", {"q": "9"}, True),
        ("{q <= 1}", {"q": "1"}, True),
        *(
            (f"{{{function}(r - 0.5) > 5 || q == 9}}", {"q": "9"}, True)
            for function in (
                *("abs", "acos", "asin", "atan", "cbrt", "ceil", "cos", "cosh", "exp", "floor", "log"),
                *("log10", "log2", "sin", "sinh", "sqrt", "tan", "tanh"),
            )
        ),
    ],
)
def test_forbidden_clause_forbids_as_with_smac_v2(clause: str, texts: dict[str, str], is_forbidden: bool) -> None:
    space = read(f"{PARENTS}{clause}\n")
    assert space.default()["q"] == 5
    if is_forbidden:
        with pytest.raises(SpaceError, match="forbidden"):
            space.parse_texts(texts)
    else:
        space.parse_texts(texts)


@pytest.mark.parametrize(
    ("line", "clause", "lost"),
    [
        (
            "a-b real [0, 1] [0.5]",
            "{x > 0.7}",
            "space.a-b: beside an advanced clause SMAC v2 takes only names such as",
        ),
        ("c {a-b, u} [u]", "{x > 0.7}", 'space.c: beside an advanced clause SMAC v2 takes no value such as "a-b"'),
        (
            "c {x, u} [u]",
            "{x > 0.7}",
            'space.c: beside an advanced clause SMAC v2 takes no value that is a name: "x"',
        ),
        ("c {1.5, u_1} [u_1]", "{x > 0.7}", ""),
        ("a-b {x, u-v} [u-v]", "{a-b=x}", ""),
    ],
)
def test_what_smac_v2_refuses_beside_an_advanced_clause_is_read_and_said_when_it_is_written(
    line: str, clause: str, lost: str
) -> None:
    space = read(f"x real [0, 1] [0.5]\n{line}\n{clause}\n")
    assert len(space.names) == 2
    found = space_to_pcs(space)[1]
    assert (len(found) == 1 and found[0].startswith(lost)) if lost else found == []


@pytest.mark.parametrize(
    "text",
    [
        "x real [1,1] [1]",
        "x integer [0, 5] [1] log",
        "x [0, 1] [0.5]\nx {a} [a]",
        "x {a, a} [a]",
        "x {a, b} [c]",
        "x {a, b} [a]\ny {a, b} [a]\n{x=a, y=a}",
        "x {a, b} [a]\ny {a, b} [a]\nx | y == a\ny | x == a",
        "x {a, b} [a]\ny {a, b} [a]\ny | x > a",
        "x {a, b} [a]\ny {a, b} [a]\ny | x==a",
        "x {a, b} [a]\ny {a, b} [a]\ny | ! x == a",
        "x {a, b} [a]\ny {a, b} [a]\ny | (x == a)",
        "a b real [0, 1] [0.5]",
        "x integer [1.5, 5] [2]",
        "x real [0, 1] [2]",
    ],
)
def test_what_smac_v2_refuses_in_a_parameter_file_is_refused(text: str) -> None:
    with pytest.raises(SpaceError):
        read(text)
