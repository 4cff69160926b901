"""Runs to draw: made by a rule, so that a test knows what a chart must show."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from boxwright.report.charts import Axis, ChartData, Columns
from boxwright.store.records import RunRecord
from boxwright.terms import Direction, Status, Value

AXES = (
    Axis("lr", 1e-5, 1.0, log=True, default=1e-3),
    Axis("act", 0, 2, choices=("relu", "tanh", "none")),
    Axis("units", 1, 9, default=5),
    Axis("slope", 0, 1, default=0.5),
    Axis("layers", 0, 0, choices=(2,)),
)


def run_record(
    run: int,
    quality: float | None,
    config: Mapping[str, Value],
    *,
    status: Status | None = None,
    direction: Direction = Direction.MINIMIZE,
    optimizer_seed: int | None = None,
    slot: int = 0,
    wall_s: float = 1.0,
    trial: int | None = None,
    settles: bool = True,
) -> RunRecord:
    """Return a run that began ``run`` seconds after the start; without a quality it has crashed."""
    cost = None if quality is None else -quality if direction is Direction.MAXIMIZE else quality
    return RunRecord(
        run=run,
        trial=run if trial is None else trial,
        status=status or (Status.CRASHED if quality is None else Status.SUCCESS),
        quality=quality,
        cost=cost,
        metrics={} if quality is None else {"loss": quality, "size": 2 * quality},
        config=config,
        instance=None,
        seed=run,
        budget=None,
        optimizer_seed=optimizer_seed,
        slot=slot,
        gpus=(),
        started=1e9 + run,
        ended=1e9 + run + wall_s,
        wall_s=wall_s,
        cpu_s=0.5,
        max_rss_bytes=1,
        exit_code=0,
        reason="",
        folder=f"/s/runs/000/{run:06d}",
        attempt=1,
        origin="model",
        runtime_s=None,
        additional="",
        settles=settles,
    )


def sampled_runs(number: int) -> list[RunRecord]:
    """Return runs on ``AXES``: ``lr`` matters most, ``act`` less, ``units`` not at all; each 20th has crashed."""
    random_ = random.Random(1)
    records = []
    for run in range(1, number + 1):
        exponent = random_.uniform(-5, 0)
        config: dict[str, Value] = {
            "lr": 10**exponent,
            "act": random_.choice(["relu", "tanh", "none"]),
            "units": random_.randint(1, 9),
            "layers": 2,
        }
        if config["act"] == "relu":
            config["slope"] = random_.random()
        quality = 1 + (exponent + 3) ** 2 + (config["act"] != "relu")
        records.append(
            run_record(run, None if run % 20 == 0 else quality, config, optimizer_seed=1 + run % 2, slot=run % 4)
        )
    return records


def chart_data(
    records: Sequence[RunRecord],
    *,
    axes: Sequence[Axis] = AXES,
    direction: Direction = Direction.MINIMIZE,
    noisy: bool = False,
) -> ChartData:
    """Return runs as charts want them."""
    return Columns(axes, "loss", direction, noisy=noisy).extend(records).data()
