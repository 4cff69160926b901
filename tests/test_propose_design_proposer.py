"""Designs as proposers: what is handed out, and what is passed over."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest

from boxwright.propose.base import ExhaustedError, Proposal, Proposer, Told
from boxwright.propose.design_proposer import DesignProposer
from boxwright.scenario.designs import CsvDesign, Grid, LatinHypercube, MonteCarlo, PointDesign, Sobol
from boxwright.terms import Config, Status, Trial


def proposer_of(*values: int) -> DesignProposer:
    return DesignProposer([[{"n": value} for value in values]], Sobol(runs=len(values)))


def told(number: int, config: Config, seed: int = 0) -> Told:
    return Told(Trial(number, config, seed=seed), Status.SUCCESS, 1.0)


async def drain(proposer: Proposer) -> list[Proposal]:
    proposals = []
    while True:
        try:
            proposals.append(await proposer.next())
        except ExhaustedError:
            return proposals


def test_design_is_handed_out_in_its_order_and_then_is_through() -> None:
    proposals = asyncio.run(drain(proposer_of(3, 1, 2)))
    assert proposals == [
        Proposal({"n": 3}, "sobol point 1"),
        Proposal({"n": 1}, "sobol point 2"),
        Proposal({"n": 2}, "sobol point 3"),
    ]


def test_design_proposes_a_repeated_configuration_once_and_counts_it() -> None:
    proposer = proposer_of(1, 2, 1, 1, 3)
    proposals = asyncio.run(drain(proposer))
    assert [proposal.origin for proposal in proposals] == ["sobol point 1", "sobol point 2", "sobol point 5"]
    assert proposer.duplicates == 2


def test_design_passes_over_what_is_a_trial_already() -> None:
    async def resumed() -> tuple[list[Proposal], int]:
        proposer = proposer_of(1, 2, 3, 2, 4)
        await proposer.start([told(1, {"n": 2})], [Trial(2, {"n": 4})])
        return await drain(proposer), proposer.duplicates

    proposals, duplicates = asyncio.run(resumed())
    assert [proposal.config["n"] for proposal in proposals] == [1, 3]
    assert duplicates == 1


def test_design_tells_numbers_and_booleans_apart() -> None:
    configs: list[Config] = [{"n": 1}, {"n": 1.0}, {"n": True}, {"n": "1"}]
    proposer = DesignProposer([configs], Grid())
    assert len(asyncio.run(drain(proposer))) == 4


def test_design_asked_several_times_at_once_gives_each_asker_its_own_point() -> None:
    async def at_once() -> list[object]:
        proposer = proposer_of(*[0] * 1000, *range(1, 4))
        return await asyncio.gather(*(proposer.next() for _ in range(5)), return_exceptions=True)

    *proposals, last = asyncio.run(at_once())
    assert [proposal.config["n"] for proposal in proposals if isinstance(proposal, Proposal)] == [0, 1, 2, 3]
    assert isinstance(last, ExhaustedError)


@pytest.mark.parametrize(
    ("design", "origin"),
    [
        (MonteCarlo(runs=9), "monte-carlo point 1"),
        (LatinHypercube(runs=9), "latin-hypercube point 1"),
        (Grid(), "grid point 1"),
        (CsvDesign(file="d.csv"), "csv row 1"),
    ],
)
def test_design_names_its_points_by_kind_and_number(design: PointDesign, origin: str) -> None:
    (proposal,) = asyncio.run(drain(DesignProposer([[{"n": 1}]], design)))
    assert proposal == Proposal({"n": 1}, origin)


def test_design_that_is_through_stays_through() -> None:
    async def twice() -> None:
        proposer = proposer_of(1)
        await drain(proposer)
        await proposer.close()
        await proposer.next()

    with pytest.raises(ExhaustedError):
        asyncio.run(twice())


def test_design_with_replicates_is_gone_through_once_for_each() -> None:
    sweeps = [[{"n": 5}, {"n": 6}]] * 2
    proposals = asyncio.run(drain(DesignProposer(sweeps, Sobol(runs=4, replicates=2), noisy=True)))
    assert proposals == [
        Proposal({"n": 5}, "sobol point 1, replicate 1"),
        Proposal({"n": 6}, "sobol point 2, replicate 1"),
        Proposal({"n": 5}, "sobol point 1, replicate 2", repeat=1),
        Proposal({"n": 6}, "sobol point 2, replicate 2", repeat=1),
    ]


def test_extended_design_goes_on_with_the_replicates_that_are_no_trials_yet() -> None:
    async def resumed() -> list[Proposal]:
        sweeps = [[{"n": 5}, {"n": 6}, {"n": 7}]] * 2
        proposer = DesignProposer(sweeps, Sobol(runs=6, replicates=2), noisy=True, study_seed=9)
        await proposer.start([told(1, {"n": 5}, seed=9), told(2, {"n": 6}, seed=9)], [Trial(3, {"n": 5}, seed=10)])
        return await drain(proposer)

    assert [(p.config["n"], p.repeat) for p in asyncio.run(resumed())] == [(7, 0), (6, 1), (7, 1)]


def test_design_that_becomes_larger_passes_over_what_is_a_trial_by_then() -> None:
    async def extended() -> list[Proposal]:
        proposer = proposer_of(1, 2)
        done = await drain(proposer)
        proposer.extend([[{"n": value} for value in (1, 2, 3)]], [Trial(1, p.config, seed=0) for p in done])
        return await drain(proposer)

    assert [p.config["n"] for p in asyncio.run(extended())] == [3]


def test_design_remembers_no_more_of_a_run_than_that_its_configuration_has_come() -> None:
    async def scene() -> int:
        proposer = DesignProposer([[{"n": value + 0.5} for value in range(2000)]], MonteCarlo(runs=2000))
        await proposer.start([], [])
        tracemalloc.start()
        for number in range(1, 2001):
            proposal = await proposer.next()
            proposer.running(Trial(number, proposal.config, seed=0))
            proposer.finished(told(number, proposal.config))
            del proposal
        return tracemalloc.get_traced_memory()[0]

    try:
        assert asyncio.run(scene()) < 2000 * 180
    finally:
        tracemalloc.stop()


def test_row_that_comes_again_in_a_noisy_study_is_a_repeat_with_a_number_of_its_own() -> None:
    sweeps = [[{"n": 5}, {"n": 6}, {"n": 5}]] * 2
    proposals = asyncio.run(drain(DesignProposer(sweeps, CsvDesign(file="d.csv", replicates=2), noisy=True)))
    assert [(p.config["n"], p.repeat) for p in proposals] == [(5, 0), (6, 0), (5, 2), (5, 1), (6, 1), (5, 3)]
