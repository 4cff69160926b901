"""One optimizer seed as a process: ``python -m boxwright.propose.seed``.

Speaks ``protocol.py`` on stdin and stdout, and ends when stdin does, so no seed outlives its controller. What
SMAC and the libraries under it print or warn about goes to stderr, whatever stream they meant.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from boxwright import __version__
from boxwright.errors import one_line
from boxwright.json_faults import NOT_JSON
from boxwright.propose.protocol import (
    PROTOCOL_VERSION,
    Ask,
    Error,
    FromOptimizer,
    Init,
    Proposal,
    Ready,
    Running,
    Tell,
    decode_to_optimizer,
    encode,
)

if TYPE_CHECKING:
    from boxwright.propose.model_seed import ModelSeed


def serve(lines: Iterable[bytes], send: Callable[[FromOptimizer], None]) -> int:
    """Answer line after line until there are none left.

    Returns:
        The exit code: 0, or 1 after an error that was sent.
    """
    seed: ModelSeed | None = None
    try:
        for line in lines:
            message = decode_to_optimizer(line)
            if isinstance(message, Init):
                seed = _begin(message)
                send(Ready(name=f"boxwright {__version__}"))
            elif seed is None:
                raise ValueError("the first line must be init")
            else:
                _hear(seed, message, send)
    except BrokenPipeError:
        return 0  # the controller is gone
    except NOT_JSON as error:
        send(Error(message=one_line(f"not a line of this protocol: {error}")))
        return 1
    except Exception as error:  # noqa: BLE001  whatever SMAC trips over, its controller should read why
        traceback.print_exc()
        send(Error(message=one_line(f"{type(error).__name__}: {error}")))
        return 1
    return 0


def _begin(init: Init) -> ModelSeed:
    if init.version != PROTOCOL_VERSION:
        raise ValueError(f"protocol version {init.version} is not known here; this is version {PROTOCOL_VERSION}")
    from boxwright.propose.model_seed import ModelSeed

    return ModelSeed(init)


def _hear(seed: ModelSeed, message: Running | Tell | Ask, send: Callable[[FromOptimizer], None]) -> None:
    match message:
        case Running():
            seed.running(message)
        case Tell():
            seed.tell(message)
        case Ask():
            start = time.process_time()
            answer = seed.ask(message.id)
            if isinstance(answer, Proposal):
                if message.ahead:
                    seed.release(answer.config)
                answer = msgspec.structs.replace(answer, cpu_s=round(time.process_time() - start, 6))
            send(answer)


def main() -> int:
    """Serve stdin, answer on what was stdout, and let all else that is printed go to stderr."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exit that tidies up
    answers: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return serve(sys.stdin.buffer, lambda message: _write(answers, message))


def _write(answers: BinaryIO, message: FromOptimizer) -> None:
    answers.write(encode(message))
    answers.flush()


if __name__ == "__main__":
    sys.exit(main())
