"""Reads mutated inputs one after the other, with a limit in CPU time for each."""

from __future__ import annotations

import faulthandler
import random
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from fuzz.mutating import Kind, mutated

LIMIT_S = 2.0
"""CPU seconds for one input: a thousand times what the slowest needs."""

_STUCK_S = 60.0
"""Wall seconds for a block of inputs, after which a loop in C that hears no signal is shown and ended."""

_BLOCK = 1000
_MOST_FINDINGS = 20


class TookTooLongError(BaseException):
    """No input may take so long; not an ``Exception``, which what is tested might catch."""


@dataclass(slots=True)
class Tally:
    """How mutated inputs ended.

    Attributes:
        ends: By kind and by ``taken`` or ``refused``.
        longest_s: CPU seconds that the slowest of each kind took.
        findings: What should not have been, in words.
    """

    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    longest_s: dict[str, float] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield a line for each kind."""
        for name, seconds in self.longest_s.items():
            taken, refused = self.ends[name, "taken"], self.ends[name, "refused"]
            yield f"{name:14} {taken:8} taken {refused:8} refused, the longest took {seconds:.3f} s of CPU"


def fuzz(
    kinds: Sequence[Kind],
    *,
    first: int,
    number: int,
    seed: int,
    limit_s: float = LIMIT_S,
    heard: Callable[[int], None] = lambda _: None,
) -> Tally:
    """Read the mutated inputs of these numbers.

    Args:
        kinds: What is mutated; each input belongs to the kind that its number says.
        first: Number of the first one; the same number and seed give the same input, whatever came before.
        number: How many.
        seed: Of the random numbers.
        limit_s: CPU seconds for one input.
        heard: Called after each block with the number of the next input.
    """
    tally = Tally()
    wheel = [kind for kind in kinds for _ in range(kind.weight)]
    random.Random(0).shuffle(wheel)
    with _watched():
        for index in range(first, first + number):
            if (index - first) % _BLOCK == 0:
                faulthandler.dump_traceback_later(_STUCK_S, exit=True)
                heard(index)
            _read_one(wheel[index % len(wheel)], index, random.Random((seed << 40) + index), limit_s, tally)
            if len(tally.findings) >= _MOST_FINDINGS:
                break
    return tally


def _read_one(kind: Kind, index: int, random_numbers: random.Random, limit_s: float, tally: Tally) -> None:
    data = mutated(kind, random_numbers)
    end, problem = "taken", ""
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, limit_s)
    try:
        kind.read(data)
    except kind.errors as error:
        end = "refused"
        if "\n" in str(error):
            problem = f"a message of several lines: {error}"
    except TookTooLongError:
        problem = f"took more than {limit_s} s of CPU\n{traceback.format_exc()}"
    except Exception:  # noqa: BLE001  that is what is looked for
        problem = traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    taken_s = time.process_time() - began
    tally.ends[kind.name, end] += 1
    tally.longest_s[kind.name] = max(tally.longest_s.get(kind.name, 0.0), taken_s)
    if problem:
        tally.findings.append(f"{kind.name}, input {index}: {data[:400]!r}\n{problem}")


@contextmanager
def _watched() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TookTooLongError

    before = signal.signal(signal.SIGPROF, stop)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        faulthandler.cancel_dump_traceback_later()
