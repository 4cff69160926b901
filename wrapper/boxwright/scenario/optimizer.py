"""The section ``optimizer``: configurations chosen by a model, or by an optimizer of one's own."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from boxwright.scenario.kinds import Acquisition, Model, SeedKind
from boxwright.scenario.section import Places, Positive, PositiveSeconds, Repeats, Section
from boxwright.terms import Value


class Optimizer(Section, frozen=True, kw_only=True):
    """Optimizer seeds that share one model, or, with ``command``, any optimizer that has a command line.

    Attributes:
        kind: Which optimizer.
        command: An optimizer of one's own, a list of words, or one text that is cut into words like a shell would;
            ``{seed}``, ``{copy}``, ``{study}`` and ``{scenario}`` (the scenario's folder) are filled in. Its black
            box is ``boxwright algo``. The keys from here to ``repeated`` go with it, and of the others ``runs``,
            ``seed``, ``target`` and, with ``ask-tell``, ``warm_start``.
        shell: Hand ``command``, one text, to ``/bin/sh -c``; every value put into it is quoted.
        copies: How many of it run side by side.
        where: ``here``, they are processes of the controller's machine; ``job``, each is a batch job like those of
            the slots, with the cores of one and no GPU.
        restarts: How often in a row a copy that fails is started again, with no run of its own ended in between.
        protocol: ``algo``, it calls ``boxwright algo`` or uses ``boxwright.sdk``; ``ask-tell``, it is asked and told
            in JSON lines on its stdin and stdout.
        unknown: What becomes of a configuration that does not lie in the space: refused, or run as it is.
        repeated: What becomes of one that has run: it is answered from the store, or run with the next seed.
        runs: How many runs in all.
        seeds: Optimizer processes, as a number, or as a list of kinds among which turns go by what each has earned;
            one per slot if absent.
        seed: The first seed's random seed; the others follow.
        model: ``gp``, a Gaussian process; ``rf``, SMAC's random forest; ``auto``, the first up to 300 runs, the
            second from there on, and Parzen estimators for half where costs are noisy; ``parzen``, these;
            ``tpe`` and ``cma``, Optuna's; ``random``, none.
        acquisition: What the model's predictions are weighed by: ``ei``, expected improvement; ``pi``, probability
            of improvement; ``lcb``, lower confidence bound; ``ts``, Thompson sampling; ``portfolio``, the four in
            turn, as they earn it.
        portfolio: Kinds that every seed has inside, and among which each proposal goes to one, as they earn it.
        initial: Runs of the initial design, dealt out over the seeds; by the number of parameters if absent.
        challengers: Random points that the acquisition function is tried on at each ask.
        random_share: Share of proposals drawn at random; if absent none, with ``rf`` a fifth.
        first: Configurations that run before all others: a table of values by name (the others take their default),
            ``default``, or ``random``.
        warm_start: Studies and CSV files, whose runs the seeds know from the start.
        follow_s: After so many seconds, and once a run has ended, the live runs of SMAC v2 that others leave in the
            folder of ``study.smac2`` are read again, and what is new goes to the model; never if absent.
        target: Quality that is good enough: once a run is at least as good, no new one is started.
        min_improvement: No new run is started once the model expects less than this of its proposals.
        patience: So many proposals in a row must promise too little; one per slot if absent, but at least 5.
        max_config_calls: How often one configuration may run where the study is noisy; 3 is SMAC3's default for
            hyperparameters.
        ahead: Whether the next proposal is made while runs go on, so that a free slot starts at once; it does not
            know how the run ended that freed the slot. ``auto``: where waiting takes over 1 % of a run's time.
    """

    kind: Literal["smac"] = "smac"
    command: str | tuple[str, ...] | None = None
    shell: bool = False
    copies: Places = 1
    where: Literal["here", "job"] = "here"
    restarts: Annotated[int, Meta(ge=0)] = 3
    protocol: Literal["algo", "ask-tell"] = "algo"
    unknown: Literal["refuse", "accept"] = "refuse"
    repeated: Literal["answer", "run"] = "answer"
    runs: Positive
    seeds: Places | tuple[SeedKind, ...] | None = None
    seed: Annotated[int, Meta(ge=0)] = 0
    model: Model = "auto"
    acquisition: Acquisition | Literal["portfolio"] = "ei"
    portfolio: Literal["auto"] | tuple[SeedKind, ...] | None = None
    initial: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    challengers: Annotated[int, Meta(ge=1, le=1_000_000)] = 1000
    random_share: Annotated[float, Meta(ge=0, le=1)] | None = None
    first: tuple[dict[str, Value] | Literal["default", "random"], ...] = ()
    warm_start: tuple[str, ...] = ()
    follow_s: PositiveSeconds | None = None
    target: float | None = None
    min_improvement: Annotated[float, Meta(gt=0)] | None = None
    patience: Positive | None = None
    max_config_calls: Repeats = 3
    ahead: bool | Literal["auto"] = "auto"
