"""The optimizer process by itself: the protocol on its stdin and stdout, and what it makes of odd costs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import psutil
import pytest

from boxwright.propose.protocol import (
    Ask,
    Error,
    Exhausted,
    FromOptimizer,
    Init,
    Proposal,
    Ready,
    Running,
    Settings,
    Tell,
    ToOptimizer,
    decode_from_optimizer,
    decode_to_optimizer,
    encode,
)
from boxwright.propose.seed import serve
from boxwright.space import space_to_json
from boxwright.terms import Status, Value
from propose_support import PLANE, make_space

SEED = [sys.executable, "-P", "-m", "boxwright.propose.seed"]


def init(text: str = PLANE, version: int = 1) -> Init:
    space = msgspec.json.format(space_to_json(make_space(text)).encode(), indent=-1)
    return Init(version=version, optimizer_seed=1, random_seed=5, space=msgspec.Raw(space))


def tell(number: int, cost: float | None) -> Tell:
    config: dict[str, Value] = {"x": number / 10, "y": 15 - number / 7}
    return Tell(trial=number, config=config, status=Status.SUCCESS, cost=cost, own=number % 2 == 0)


def converse(
    lines: Sequence[ToOptimizer | bytes], env: Mapping[str, str] | None = None
) -> tuple[list[FromOptimizer], int, str]:
    """Return what the process answers to these lines, its exit code, and its stderr."""
    text = b"".join(line if isinstance(line, bytes) else encode(line) for line in lines)
    done = subprocess.run(
        SEED, input=text, capture_output=True, timeout=120, check=False, env={**os.environ, **(env or {})}
    )
    answers = [decode_from_optimizer(line) for line in done.stdout.splitlines()]
    return answers, done.returncode, done.stderr.decode()


@pytest.mark.parametrize(
    "message",
    [
        init(),
        Running(config={"a": 1, "b": 1.0, "c": True, "d": "größer\n"}, own=True),
        Tell(trial=3, config={"a": 0.1 + 0.2, "b": 1e-13}, status=Status.CRASHED, cost=None),
        Ask(id=7),
    ],
)
def test_message_survives_its_line(message: ToOptimizer) -> None:
    line = encode(message)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    back = decode_to_optimizer(line)
    assert back == message
    if isinstance(message, Running | Tell) and isinstance(back, Running | Tell):
        assert [type(value) for value in back.config.values()] == [type(v) for v in message.config.values()]


def test_line_with_a_key_from_a_later_version_is_understood() -> None:
    assert decode_to_optimizer(b'{"type":"ask","id":1,"deadline_s":3}') == Ask(id=1)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([Ask(id=1)], "ValueError: the first line must be init"),
        ([b"hello\n"], "not a line of this protocol: JSON is malformed: invalid character (byte 0)"),
        ([b'{"type":"sing"}\n'], "not a line of this protocol: Invalid value 'sing' - at `$.type`"),
        ([init(version=2)], "ValueError: protocol version 2 is not known here; this is version 1"),
    ],
)
def test_seed_says_what_is_wrong_with_a_line_and_ends(lines: list[ToOptimizer | bytes], message: str) -> None:
    answers, code, _ = converse(lines)
    assert answers == [Error(message=message)]
    assert code == 1


def test_seed_ends_when_its_stdin_does() -> None:
    assert converse([])[:2] == ([], 0)


def test_seed_lets_nothing_that_libraries_print_into_its_answers(tmp_path: Path) -> None:
    (tmp_path / "scipy.py").write_text("import os\nprint('loud')\nos.system('echo louder')\nraise ImportError('no')")
    answers, _, stderr = converse([init()], env={"PYTHONPATH": str(tmp_path)})
    assert answers == [Error(message="ImportError: no")]
    assert "loud\n" in stderr
    assert "louder\n" in stderr


@pytest.mark.parametrize(
    "costs",
    [
        [None] * 6,
        [2e6, 2e6, 2e6, 2e6, 2e6, 3e6],
        [-1e300, 1e300, 0.0, None, 5.0, 5.0],
        [1e12] * 6,
        [0.0] * 6,
    ],
    ids=["all failed", "equal best ones", "far apart", "equal and large", "zero"],
)
def test_seed_proposes_whatever_the_costs_are(costs: list[float | None]) -> None:
    told = [tell(number, cost) for number, cost in enumerate(costs, 1)]
    lines: list[ToOptimizer] = [init(), *told, Ask(id=4)]
    answers: list[FromOptimizer] = []
    # In this process: each of its own would import all libraries again.
    assert serve(map(encode, lines), answers.append) == 0, answers
    ready, proposal = answers
    assert isinstance(ready, Ready)
    assert isinstance(proposal, Proposal)
    assert (proposal.id, proposal.own, proposal.shared) == (4, 3, 3)
    assert make_space(PLANE).check(proposal.config) == proposal.config
    assert 0 < proposal.cpu_s < 60


def test_seed_proposes_nothing_that_runs_or_was_tried_until_nothing_is_left() -> None:
    space = "a = { type = 'int', lower = 1, upper = 2 }\nb = { type = 'categorical', choices = [true, false] }"
    known: list[ToOptimizer | bytes] = [
        Running(config={"a": 1, "b": True}),
        Running(config={"a": 2, "b": True}, own=True),
        Tell(trial=1, config={"a": 2, "b": True}, status=Status.SUCCESS, cost=1.0, own=True),
        Tell(trial=2, config={"a": 1, "b": False}, status=Status.CRASHED, cost=None),
    ]
    answers, code, _ = converse([init(space), *known, Ask(id=1), Ask(id=2)])
    assert code == 0
    _, proposal, exhausted = answers
    assert isinstance(proposal, Proposal)
    assert proposal.config == {"a": 2, "b": False}
    assert (proposal.own, proposal.shared) == (1, 1)
    assert exhausted == Exhausted(id=2)


def test_seed_may_propose_again_what_it_proposed_ahead_and_never_ran() -> None:
    tried: list[ToOptimizer | bytes] = [Tell(trial=1, config={"a": 1}, status=Status.SUCCESS, cost=1.0)]
    asks = [Ask(id=1, ahead=True), Ask(id=2, ahead=True), Ask(id=3), Ask(id=4)]
    answers, _, _ = converse([init("a = { type = 'int', lower = 1, upper = 2 }"), *tried, *asks])
    assert [answer.config for answer in answers if isinstance(answer, Proposal)] == [{"a": 2}] * 3
    assert answers[-1] == Exhausted(id=4)


@pytest.mark.parametrize("model", ["gp", "rf"])
@pytest.mark.slow
def test_seed_proposes_the_same_again_after_the_same_lines(model: Literal["gp", "rf"]) -> None:
    lines: list[ToOptimizer | bytes] = [
        msgspec.structs.replace(init(), settings=Settings(model=model)),
        *(tell(number, float(number % 5)) for number in range(1, 13)),
        Ask(id=1),
        Ask(id=2),
    ]
    first, second = (converse(lines, env={"PYTHONHASHSEED": hashes})[0] for hashes in ("1", "2"))
    configs = [[a.config for a in answers if isinstance(a, Proposal)] for answers in (first, second)]
    assert configs[0] == configs[1]
    assert configs[0][0] != configs[0][1]


def test_seeds_end_when_their_controller_is_killed(tmp_path: Path) -> None:
    script = f"""
import asyncio, pathlib
from boxwright.propose.shared import SharedModel
from boxwright.scenario.optimizer import Optimizer
from propose_support import PLANE, make_space
async def main():
    model = SharedModel(make_space(PLANE), Optimizer(runs=9, initial=1), 2, pathlib.Path({str(tmp_path)!r}), print)
    await model.start([], [])
    await model.next()
    await asyncio.gather(model.next(), model.next())
    print(model._nursery.pid, *model.pids, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=env, text=True) as controller:
        assert controller.stdout is not None
        pids: list[int] = []
        for line in controller.stdout:
            if not line.startswith("seed"):
                pids = [int(word) for word in line.split()]
                break
        controller.send_signal(signal.SIGKILL)
    assert len(pids) == 3
    deadline = time.monotonic() + 20
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
