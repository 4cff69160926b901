"""SMAC seeds that share one model, on real slots: the promises of the gallery's branin with 1, 2, 4 and 8 seeds."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from boxwright.gallery import gallery_scenarios
from support import RunBoxwright

ASK = re.compile(r"seed (\d+): (\d+) own \+ (\d+) shared runs in the model")

# Fails if another run holds the same GPU at this moment.
LOCKED = """#!/bin/sh
mkdir "$BOXWRIGHT_STUDY/gpu-$CUDA_VISIBLE_DEVICES" || exit 9
{script} "$@"
sleep 0.2
rmdir "$BOXWRIGHT_STUDY/gpu-$CUDA_VISIBLE_DEVICES"
"""


@pytest.mark.slow
@pytest.mark.usefixtures("no_process_left")
@pytest.mark.parametrize(("seeds", "runs"), [(1, 12), (2, 16), (4, 20), (8, 28)])
def test_branin_seeds_share_every_run_and_no_gpu(
    boxwright: RunBoxwright, tmp_path: Path, seeds: int, runs: int
) -> None:
    locked = tmp_path / "locked.sh"
    locked.write_text(LOCKED.format(script=gallery_scenarios()["branin"] / "branin.sh"))
    locked.chmod(0o755)
    gpus = [f"GPU-{number}" for number in range(seeds)]
    settings = [
        f'command.argv=["{locked}", "{{{{ seed }}}}"]',
        f"slots.gpu_ids={json.dumps(gpus)}",
        "slots.gpus=1",
        "optimizer.initial=8",
        "optimizer.ahead=false",  # what is proposed ahead does not know the run before it: here each must know all
        "limits.cutoff_s=300",  # eight optimizers on two cores can hold up a run of half a second for long
    ]
    words = [word for setting in settings for word in ("--set", setting)]
    numbers = ["--seeds", str(seeds), "--slots", str(seeds), "--runs", str(runs)]
    done = boxwright("run", gallery_scenarios()["branin"], "--study", "s", *numbers, *words)
    assert done.returncode == 0, done.stderr + done.stdout
    records: list[dict[str, Any]] = json.loads(boxwright("results", "s", "--json").stdout)
    assert [record["status"] for record in records] == ["SUCCESS"] * runs
    assert len({json.dumps(record["config"], sort_keys=True) for record in records}) == runs
    check_gpus(records, gpus)
    check_models(records, (tmp_path / "s" / "study.log").read_text(), seeds)


def check_gpus(records: list[dict[str, Any]], gpus: list[str]) -> None:
    by_gpu = defaultdict(list)
    for record in records:
        (gpu,) = record["gpus"]
        by_gpu[gpu].append((record["started"], record["ended"]))
    assert set(by_gpu) == set(gpus)
    for spans in by_gpu.values():
        assert all(first[1] <= second[0] for first, second in pairwise(sorted(spans)))


def check_models(records: list[dict[str, Any]], log: str, seeds: int) -> None:
    """Compare what each seed says of its model with what was finished when it was asked.

    It must hold all runs that had ended when its slot became free, and cannot hold more than had ended when the
    proposal started to run.
    """
    asks = defaultdict(list)
    for seed, own, shared in ASK.findall(log):
        asks[int(seed)].append((int(own), int(shared)))
    proposed = defaultdict(list)
    for record in records:
        if not record["origin"].startswith("initial design"):
            proposed[record["optimizer_seed"]].append(record)
    assert set(proposed) == set(range(1, seeds + 1))
    for seed, mine in proposed.items():
        assert len(asks[seed]) >= len(mine)
        for (own, shared), record in zip(asks[seed][-len(mine) :], mine, strict=True):
            before = [r for r in records if r["run"] < record["run"]]
            own_before = [r for r in before if r["optimizer_seed"] == seed]
            asked = max((r["ended"] for r in own_before), default=0.0)
            least = sum(r["ended"] <= asked for r in before)
            most = sum(r["ended"] <= record["started"] for r in before)
            assert own == len(own_before)
            assert least <= own + shared <= most
    if seeds > 1:
        assert all(max(shared for _, shared in asks[seed]) > 0 for seed in proposed)
