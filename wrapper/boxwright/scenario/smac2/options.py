"""Every option of SMAC v2 that may stand in its scenario files, with its other names, and which have an effect here.

Names and aliases are those of SMAC v2.10.03. Where an option has no effect here, it stands with the reason, which the
person is told once.
"""

from __future__ import annotations

from dataclasses import dataclass

_SEARCH = "boxwright's own optimizer has no such setting"
_RACING = "each configuration runs on all instances, up to its full cutoff"
_FILES = "states are saved at 1, 2, 4, 8, … runs and at the end"
_SHARED = "all runs of others go to the model, and what they have run is not proposed again"
_LOG = "how much is logged is not chosen"
_KILLING = "all that a run has started is ended, by TERM and after 3 s by KILL"
_VALIDATION = "a validation is a study of its own, with the slots of this one"


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        name: What SMAC v2 lists first.
        aliases: Its other names.
        no_effect: Why it changes nothing here; empty if it does.
    """

    name: str
    aliases: tuple[str, ...] = ()
    no_effect: str = ""


def _option(names: str, no_effect: str = "") -> Option:
    name, *aliases = names.split()
    return Option(name, tuple(aliases), no_effect)


OPTIONS = (
    # what is run
    _option("algo-exec algoExec algo"),
    _option("algo-exec-dir exec-dir execDir execdir"),
    _option("algo-deterministic deterministic"),
    _option("algo-cutoff-time target-run-cputime-limit target_run_cputime_limit cutoff-time cutoffTime cutoff_time"),
    _option("algo-cutoff-length cutoffLength cutoff_length", "SMAC v2 itself ignores it"),
    _option("cli-call-params-with-quotes"),
    _option("cli-listen-for-updates"),
    _option("cli-observer-frequency"),
    _option("cli-concurrent-execution", "how many runs go on at a time is cores"),
    _option("cli-pg-nice-kill-cmd", _KILLING),
    _option("cli-pg-force-kill-cmd", _KILLING),
    _option("cli-proc-nice-kill-cmd", _KILLING),
    _option("cli-proc-force-kill-cmd", _KILLING),
    _option("cli-kill-by-environment-cmd", _KILLING),
    _option("kill-run-exceeding-captime"),
    _option("kill-run-exceeding-captime-factor"),
    _option("tae targetAlgorithmEvaluator"),
    # what it is after
    _option("run-obj run-objective runObj run_obj"),
    _option("intra-obj intra-instance-obj overall-obj intraInstanceObj overallObj overall_obj intra_instance_obj"),
    _option("inter-obj inter-instance-obj interInstanceObj inter_instance_obj"),
    _option("transform-crashed-quality"),
    _option("transform-crashed-quality-value"),
    # limits
    _option("cputime-limit cputime_limit tunertime-limit tuner-timeout tunerTimeout"),
    _option("wallclock-limit wallclock_limit runtime-limit runtimeLimit wallClockLimit"),
    _option("runcount-limit runcount_limit totalNumRunsLimit numRunsLimit numberOfRunsLimit"),
    _option("iteration-limit numIterations numberOfIterations", _SEARCH),
    _option("use-cpu-time-in-tunertime countSMACTimeAsTunerTime", "only the time of the runs is counted"),
    _option("max-norun-challenge-limit maxConsecutiveFailedChallengeIncumbent", _SEARCH),
    _option("terminate-on-delete", "no file is watched; stop with boxwright stop"),
    # the space and the instances
    _option("pcs-file param-file paramFile paramfile"),
    _option("experiment-dir experimentDir"),
    _option("instances instance-file instance-dir instanceFile i instance_file instance_seed_file"),
    _option(
        "test-instances test-instance-file test-instance-dir testInstanceFile test_instance_file "
        "test_instance_seed_file"
    ),
    _option("feature-file instanceFeatureFile feature_file"),
    _option("use-instances"),
    _option("instance-suffix instance-regex"),
    _option("test-instance-suffix test-instance-regex"),
    _option("check-instances-exist checkInstanceFilesExist"),
    # where it goes, and by which random numbers
    _option("output-dir outputDirectory outdir"),
    _option("rungroup rungroup-name runGroupName"),
    _option("seed num-run numrun numRun"),
    _option("seed-offset seedOffset"),
    # the search
    _option("initial-incumbent initialIncumbent"),
    _option("initial-challengers initialChallengers"),
    _option("exec-mode execution-mode executionMode"),
    _option("adaptive-capping ac adaptiveCapping", _RACING),
    _option("max-incumbent-runs maxIncumbentRuns maxRunsForIncumbent"),
    _option("intensification-percentage intensificationPercentage frac_rawruntime", _RACING),
    _option("acq-func acquisition-function ei-func expected-improvement-function expectedImprovementFunction"),
    _option("num-challengers numChallengers numberOfChallengers", _SEARCH),
    _option("num-ei-random numEIRandomConfigs numberOfRandomConfigsInEI numberOfEIRandomConfigs", _SEARCH),
    _option("rf-num-trees num-trees numTrees nTrees numberOfTrees", _SEARCH),
    _option("rf-split-min split-min", _SEARCH),
    _option("rf-ratio-features ratioFeatures", _SEARCH),
    _option("rf-log-model log-model logModel", _SEARCH),
    _option("mask-inactive-conditional-parameters-as-default-value", _SEARCH),
    _option("cores numConcurrentAlgoExecs maxConcurrentAlgoExecs numberOfConcurrentAlgoExecs cli-cores"),
    # earlier runs, other runs
    _option("restore-scenario restoreScenario", "run the scenario.txt of that folder, with restore-state-from"),
    _option("restore-state-from restoreStateFrom"),
    _option("restore-iteration restoreStateIteration restoreIteration"),
    _option("warmstart warmstart-from"),
    _option("warmstart-iteration"),
    _option("state-serializer stateSerializer", _FILES),
    _option("save-context saveContext saveContextWithState", _FILES),
    _option("clean-old-state-on-success cleanOldStateOnSuccess", _FILES),
    _option("save-runs-every-iteration", _FILES),
    _option("quick-saves", _FILES),
    _option("intermediary-saves", _FILES),
    _option("shared-model-mode share-model-mode shared-run-data share-run-data"),
    _option(
        "shared-model-mode-frequency share-model-mode-frequency shared-run-data-frequency share-run-data-frequency",
    ),
    _option("shared-model-mode-tae", _SHARED),
    _option("shared-model-mode-write-data write-json-data", "the runs are always written, for others to read"),
    _option("shared-model-mode-default-handling", _SHARED),
    _option("shared-model-mode-asymetric", _SHARED),
    # failures
    _option("abort-on-crash"),
    _option("abort-on-first-run-crash"),
    _option("retry-crashed-count"),
    _option("check-sat-consistency", "answers are not compared between runs"),
    _option("check-sat-consistency-exception", "answers are not compared between runs"),
    _option("verify-sat", "answers are not compared between runs"),
    # around it
    _option("pre-scenario-command preScenarioCommand pre_cmd", "no command is run before a study"),
    _option("post-scenario-command postScenarioCommand post_cmd", "no command is run after a study"),
    _option("validation doValidation"),
    _option("num-validation-runs numValidationRuns numberOfValidationRuns"),
    _option("validate-all validateAll"),
    _option("validate-only-last-incumbent validateOnlyLastIncumbent"),
    _option("mult-factor multFactor"),
    _option("min-timestamp minTimestamp"),
    _option("max-timestamp maxTimestamp"),
    _option("num-seeds-per-test-instance numSeedsPerTestInstance numberOfSeedsPerTestInstance"),
    _option("num-test-instances numTestInstances numberOfTestInstances"),
    _option("validation-cores", _VALIDATION),
    _option("validation-seed"),
    _option("validation-rounding-mode validationRoundingMode", "every configuration runs on all test instances"),
    _option("validate-by-wallclock-time validateByWallClockTime", "moments are told by the clock on the wall"),
    _option("validate-only-if-tunertime-reached validateOnlyIfTunerTimeReached", _VALIDATION),
    _option("validate-only-if-walltime-reached validateOnlyIfWallTimeReached", _VALIDATION),
    _option("validation-headers validationHeaders", _FILES),
    _option("output-file-suffix outputFileSuffix", _FILES),
    _option("save-state-file saveStateFile", _FILES),
    _option("log-level", _LOG),
    _option("console-log-level", _LOG),
    _option("cli-log-all-call-strings log-all-call-strings logAllCallStrings", _LOG),
    _option("cli-log-all-results cli-log-all-call-results log-all-call-results log-all-results", _LOG),
    _option("cli-log-all-calls cli-log-all-call-strings-and-results log-all-calls", _LOG),
    _option("cli-log-all-process-output log-all-process-output logAllProcessOutput", _LOG),
)
"""In the order in which they are written."""

BY_NAME = {name: option for option in OPTIONS for name in (option.name, *option.aliases)}

REPEATED = ("initial-challengers",)
"""Options that may stand several times."""

OTHER_WORDS = {
    "p": "pcs-file",
    "ta": "algo",
    "cutoff": "cutoff_time",
    "cutoff_s": "cutoff_time",
    "par_factor": "overall_obj",
    "output_dir": "output-dir",
    "abort_on_first_run_crash": "abort-on-first-run-crash",
    "restore_state": "restore-state-from",
    "shared_model": "shared-model-mode",
    "wallclock": "wallclock_limit",
    "runcount": "runcount_limit",
    "algo_runs_timelimit": "cputime_limit",
    "cost_for_crash": "transform-crashed-quality-value",
    "minR": "max-incumbent-runs",
    "maxR": "max-incumbent-runs",
    "input_psmac_dirs": "shared-model-mode",
}
"""Names of SMAC3's first version, and short ones that stand only on a command line → what SMAC v2 says in a file."""

OURS = {"memory_limit": "limits.memory"}
"""Names of SMAC3's first version for what SMAC v2 leaves to its wrappers → our key."""
