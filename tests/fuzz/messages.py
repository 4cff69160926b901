"""What processes write to the controller: lines of ``control.sock``, and of optimizers that are asked and told."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, cast

import msgspec

from boxwright.errors import one_line
from boxwright.json_faults import NOT_JSON
from boxwright.propose.base import Proposer
from boxwright.propose.external import External
from boxwright.propose.intake import Intake, RefusedError
from boxwright.propose.protocol import Proposal, decode_from_optimizer
from boxwright.propose.requests import Answer
from boxwright.space.draft import Draft
from boxwright.space.pcs import read_pcs
from boxwright.store.database import Store
from boxwright.study.control import _is_evaluation
from boxwright.study.controller import Controller
from boxwright.study.evaluations import Evaluated, evaluate
from boxwright.study.ledger import check_names
from boxwright.study.orders import Orders
from boxwright.study.setup import Setup
from boxwright.study.watching import Watcher
from boxwright.terms import Config, Status, config_key
from fuzz.mutating import Kind

_PCS = "x real [0, 1] [0.5]\nn integer [1, 9] [3]\nact {relu, tanh} [relu]\nx | act == relu\n{n=4, act=tanh}\n"
_WORDS = (
    *(
        '"x":',
        '"n":',
        '"act":',
        '"relu"',
        "{}",
        "[]",
        '""',
        "0.5",
        "null",
        '"values":',
        '"texts":',
        '"type":',
        '"seed":',
    ),
    *('"copy":', '"cutoff_s":', '"do":', '"id":', '"metrics":', "[" * 5000, '{"a":' * 1000, "\\ud800", "\\u0000"),
)


class _Nobody:
    """Takes orders, and has no run; knows the answer to every other evaluation. It is about to end."""

    stopping = True

    def __init__(self) -> None:
        self.asked = 0

    def kill(self, run: int) -> bool:
        return run == 1

    def stop(self) -> None:
        """Do nothing."""

    interrupt = stop

    def note(self, text: str) -> None:
        assert text.isprintable()

    def count(self, name: str) -> None:
        """Do nothing."""

    def report(self, trial: int | None, metrics: Mapping[str, float]) -> bool:
        check_names(metrics, "quality")
        assert all(math.isfinite(value) for value in metrics.values())
        return trial is not None

    def answer(self, config: Config, instance: str | None, seed: int) -> Answer | None:
        config_key(config)
        self.asked += 1
        return Answer(1, 1, Status.SUCCESS, 0.5, 0.5, {}, config, seed, 0.1) if self.asked % 2 else None


async def _nothing() -> None:
    pass


@contextmanager
def message_kinds() -> Iterator[list[Kind]]:
    """Yield these kinds; what they are read with lives as long."""
    draft = Draft()
    read_pcs(_PCS, "x.pcs", draft)
    space = draft.finish("x.pcs")
    nobody = _Nobody()
    orders = Orders(
        cast(Controller, nobody),
        cast(Store, nobody),
        cast(Setup, nobody),
        cast(Proposer, nobody),
        cast(Watcher, nobody),
        nobody.note,
    )
    loop = asyncio.new_event_loop()
    takers: dict[Literal["refuse", "accept"], External] = {
        unknown: External(
            space,
            nobody,
            limit_s=10.0,
            study_seed=0,
            unknown=unknown,
            repeated="answer",
            begin=_nothing,
            end=_nothing,
        )
        for unknown in ("refuse", "accept")
    }
    encode, said_then = msgspec.json.encode, deque[bytes](maxlen=1)
    intakes = [Intake(space, unknown, nobody.count) for unknown in ("refuse", "accept")]

    async def evaluated(data: bytes, external: External) -> Evaluated | None:
        reader = asyncio.StreamReader()
        first, _, more = data.partition(b"\n")
        reader.feed_data(more)
        reader.feed_eof()  # the client has gone
        return await evaluate(first + b"\n", external, reader, lambda said: said_then.append(encode(said)), "/study")

    def control(data: bytes) -> object:
        if not _is_evaluation(data):
            answer = orders.obey(data)
            msgspec.json.encode(answer)
            return answer
        for external in takers.values():
            found = loop.run_until_complete(evaluated(data, external))
            if found is not None:
                msgspec.json.encode(found)
                if found.state == "refused":
                    raise RefusedError(found.text)
        return found

    def proposal(data: bytes) -> object:
        try:
            message = decode_from_optimizer(data)
        except NOT_JSON as error:  # as the controller complains of it
            raise RefusedError(one_line(str(error))) from error
        if isinstance(message, Proposal):
            for intake in intakes:
                config_key(intake.config({}, message.config))
        return message

    yield [
        Kind(
            "control-line",
            70,
            (
                '{"do":"evaluate","texts":{"x":"0.5","n":"7"},"seed":-1,"cutoff_s":5.0,"copy":1}\n',
                '{"do":"evaluate","values":{"x":0.25,"act":"relu","n":3},"instance":"a.cnf","seed":7}\n',
                '{"do":"evaluate","values":{"n":5}}\n{"do":"report","metrics":{"loss":0.5,"a b":-1e-3}}\n',
                '{"do":"kill","run":1}\n',
                '{"do":"stop","now":true}\n',
                '{"do":"ping"}\n',
                '{"do":"retry","run":3}\n',
                '{"do":"extend","runs":40}\n',
            ),
            control,
            (RefusedError,),
            _WORDS,
        ),
        Kind(
            "ask-tell-line",
            50,
            (
                '{"type":"proposal","id":1,"config":{"x":0.71,"n":3,"act":"relu"},"origin":"model","own":1,"cpu_s":0.4}\n',
                '{"type":"ready","name":"an optimizer"}\n',
                '{"type":"exhausted","id":3}\n',
                '{"type":"error","message":"it is over"}\n',
            ),
            proposal,
            (RefusedError,),
            _WORDS,
        ),
    ]
    loop.close()
