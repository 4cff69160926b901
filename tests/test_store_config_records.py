"""Which configuration is the incumbent of a noisy study, and with what numbers."""

from __future__ import annotations

import dataclasses
import math
import random
import sys
from collections.abc import Mapping, Sequence

import pytest

from boxwright.store.config_records import ConfigRecord, ConfigRecords
from boxwright.store.records import RunRecord
from boxwright.study.best import Best
from boxwright.terms import Status

SOME = RunRecord(
    run=0,
    trial=0,
    status=Status.SUCCESS,
    quality=None,
    cost=None,
    metrics={},
    config={},
    instance=None,
    seed=0,
    budget=None,
    optimizer_seed=None,
    slot=0,
    gpus=(),
    started=1.0,
    ended=2.0,
    wall_s=1.0,
    cpu_s=1.0,
    max_rss_bytes=1,
    exit_code=0,
    reason="",
    folder="",
    attempt=1,
    origin="",
    runtime_s=None,
    additional="",
    settles=True,
)


def gathered(costs: Mapping[str, Sequence[float | None]], sign: float = 1.0) -> ConfigRecords:
    """Return configurations by name with the costs of their trials, in the order of seeds; None is a failure."""
    records: list[RunRecord] = []
    for name, values in costs.items():
        for seed, cost in enumerate(values):
            run, quality = len(records) + 1, None if cost is None else sign * cost
            metrics = {} if quality is None else {"quality": quality, "test": float(seed)}
            records.append(
                dataclasses.replace(
                    SOME,
                    run=run,
                    trial=run,
                    config={"name": name},
                    seed=seed,
                    cost=cost,
                    quality=quality,
                    metrics=metrics,
                )
            )
    return ConfigRecords(records)


def best_of(**costs: Sequence[float | None]) -> object:
    best = gathered(costs).best()
    return None if best is None else best.config["name"]


def test_incumbent_has_the_lowest_mean_of_those_with_the_most_trials() -> None:
    assert best_of(a=[1.0, 5.0, 6.0], b=[3.0, 3.0, 3.0], c=[4.0, 3.0, 3.0]) == "b"


def test_one_lucky_run_does_not_beat_a_configuration_that_was_confirmed() -> None:
    assert best_of(confirmed=[1.0, 1.4, 0.7], lucky=[0.6]) == "confirmed"


def test_one_run_that_is_better_than_luck_explains_is_the_incumbent() -> None:
    assert best_of(poor=[31.0, 31.4, 30.7], good=[2.0]) == "good"


def test_challenger_with_as_many_trials_needs_only_the_lower_mean() -> None:
    assert best_of(first=[1.0, 1.4, 0.7], second=[0.9, 1.39, 0.7]) == "second"


def test_challenger_is_compared_on_the_seeds_that_both_have_had() -> None:
    # Seed 0 is easy: the mean of the confirmed one is 4, but on that seed it is as good as the challenger.
    calm = {f"calm {number}": [9.0, 9.0, 9.0] for number in range(11)}
    assert best_of(confirmed=[0.0, 6.0, 6.0], lucky=[0.0], **calm) == "confirmed"
    assert best_of(confirmed=[0.0, 0.1, 0.1], clear=[-3.0], other=[1.0, 1.1, 1.1]) == "clear"


def test_configuration_with_a_failed_trial_is_the_incumbent_only_if_there_is_no_other() -> None:
    assert best_of(flaky=[1.0, None, 1.0], sound=[2.0]) == "sound"
    assert best_of(flaky=[1.0, None, 1.0], dead=[None]) == "flaky"
    assert best_of(dead=[None, None]) is None


def test_without_repeats_the_incumbent_is_the_least_cost_and_of_equals_the_first() -> None:
    assert best_of(a=[3.0], b=[2.0], c=[2.0]) == "b"


def test_ranking_names_the_incumbent_first_and_then_what_would_be_it() -> None:
    ranked = gathered({"lucky": [0.6], "confirmed": [1.0, 1.4, 0.7], "poor": [9.0, 9.1], "dead": [None]}).ranked(9)
    assert [config.config["name"] for config in ranked] == ["confirmed", "lucky", "poor"]
    assert ranked == gathered(
        {"lucky": [0.6], "confirmed": [1.0, 1.4, 0.7], "poor": [9.0, 9.1], "dead": [None]}
    ).ranked(3)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_record_of_a_configuration_holds_means_their_standard_error_and_its_first_success(sign: float) -> None:
    (config,) = gathered({"a": [None, 0.0, 3.0]}, sign)
    assert (config.run, config.runs, config.failed) == (2, 2, 1)
    assert (config.cost, config.quality) == (1.5, sign * 1.5)
    assert config.mean.metrics == {"quality": sign * 1.5, "test": 1.5}
    assert config.standard_error == pytest.approx(math.sqrt(4.5 / 2))  # sample variance 4.5


def test_record_of_one_run_is_that_run() -> None:
    (config,) = gathered({"a": [0.1]})
    assert config == ConfigRecord(config.mean, runs=1, noisy=True)
    assert (config.mean.metrics, config.standard_error) == ({"quality": 0.1, "test": 0.0}, None)


def records_of(seed: int, number: int = 120) -> list[RunRecord]:
    """Return runs of forty configurations with a few trials each, some of which fail, in the order of numbers."""
    rng = random.Random(seed)
    trials = [(name, repeat) for repeat in range(4) for name in range(40)][:number]
    costs = [None if rng.random() < 0.05 else round(name / 10 + rng.gauss(0, 1), 1) for name, _ in trials]
    return [
        dataclasses.replace(
            SOME, run=run, trial=run, config={"name": name}, seed=repeat, cost=cost, quality=cost, optimizer_seed=run
        )
        for run, ((name, repeat), cost) in enumerate(zip(trials, costs, strict=True), 1)
    ]


@pytest.mark.parametrize("seed", range(10))
def test_incumbent_and_its_first_run_do_not_depend_on_the_order_of_ends(seed: int) -> None:
    records = records_of(seed)
    by_number, by_end = ConfigRecords(), ConfigRecords()
    for record in records:
        by_number.add(record)
    for record in random.Random(seed).sample(records, len(records)):
        by_end.add(record)
    best, other = by_number.best(), by_end.best()
    assert best is not None
    assert other is not None
    assert (best.run, best.runs, best.config) == (other.run, other.runs, other.config)
    assert {(each.run, each.failed) for each in by_number} == {(each.run, each.failed) for each in by_end}
    assert [each.run for each in by_number.ranked(40)] == [each.run for each in by_end.ranked(40)]


def test_incumbent_of_a_study_without_noise_is_the_first_of_equals_by_number_whichever_ended_first() -> None:
    best = Best(noisy=False)
    for run, cost in ((3, 1.0), (2, 1.0), (1, 2.0)):
        best.hear(dataclasses.replace(SOME, run=run, cost=cost, quality=cost))
    assert best.incumbent is not None
    assert best.incumbent.run == 2


@pytest.mark.parametrize("seed", range(5))
def test_incumbent_after_each_run_is_what_a_fresh_look_at_all_runs_names(seed: int) -> None:
    records, found = records_of(seed), ConfigRecords(least_runs=2)
    for number, record in enumerate(records, 1):
        found.add(record)
        fresh = ConfigRecords(records[:number], least_runs=2).ranked(1)
        assert found.best() == (fresh[0] if fresh else None)


def test_one_more_run_takes_as_much_after_ten_thousand_as_after_a_hundred() -> None:
    def calls(before: int) -> int:
        """Return how many functions are called for one more run and the incumbent after it."""
        made, number = ConfigRecords(), before + 1
        for run in range(1, before + 1):
            config = {"name": run % (before // 2)}  # each twice
            cost = float(run * 7919 % 1000)
            made.add(dataclasses.replace(SOME, run=run, config=config, seed=run, cost=cost, quality=cost))
        made.best()
        count = 0

        def note(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += event == "call"

        more = dataclasses.replace(SOME, run=number, config={"name": "more"}, seed=number, cost=500.0, quality=500.0)
        sys.setprofile(note)
        try:
            made.add(more)
            made.best()
        finally:
            sys.setprofile(None)
        return count

    assert calls(10_000) <= calls(100) + 20


def test_costs_of_any_size_have_an_incumbent() -> None:
    assert best_of(huge=[1e308, 1.7e308, 1.7e308], small=[0.0, 1.0]) in {"huge", "small"}
    assert best_of(huge=[1.7e308, 1.7e308], other=[1.6e308, 1.7e308]) == "other"
