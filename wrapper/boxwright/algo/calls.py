"""What an optimizer calls for, whatever its dialect, and what it is told."""

from __future__ import annotations

import math

NO_INSTANCES = ("no_instance", "0", "")
"""What SMAC v2, SMAC3 1.x and others write where there is no instance."""

LARGEST_CUTOFF_S = 1e9
"""A cutoff above it means none: SMAC v2 writes the largest double, SMAC3 1.x a long row of nines."""

FAILED_QUALITY = 1e9
"""The quality that SMAC v2 itself gives to what has crashed."""


class CallError(Exception):
    """These words are no call of this dialect; the message is one line, whatever the words hold."""

    def __init__(self, problem: str) -> None:
        super().__init__("".join(ch if ch.isprintable() else ch.encode("unicode_escape").decode() for ch in problem))


class Call:
    """One evaluation that is wanted.

    Attributes:
        texts: Parameters by name.
        seed: As it was written; empty for none.
        results: File that the answer goes to; empty for stdout.
        notes: What the answer needs to know besides.
    """

    def __init__(
        self,
        texts: dict[str, str],
        *,
        instance: str = "",
        seed: str = "",
        cutoff: str = "",
        results: str = "",
    ) -> None:
        self.texts = texts
        self.instance = instance
        self.seed = seed
        self.cutoff = cutoff
        self.results = results
        self.notes: tuple[str, ...] = ()

    @property
    def cutoff_s(self) -> float | None:
        """Return the seconds that the run is given, None for no limit."""
        if not self.cutoff:
            return None
        cutoff_s = number(self.cutoff, "cutoff")
        if cutoff_s <= 0:
            raise CallError(f'cutoff "{self.cutoff}" is not above 0')
        return cutoff_s if cutoff_s < LARGEST_CUTOFF_S else None

    def wanted(self) -> dict[str, object]:
        """Return what is sent to the study.

        Raises:
            CallError: Seed or cutoff are no numbers, or a text is none.
        """
        wanted: dict[str, object] = {"texts": {_valid(name): _valid(text) for name, text in self.texts.items()}}
        if self.instance not in NO_INSTANCES:
            wanted["instance"] = _valid(self.instance)
        if self.seed:
            try:
                wanted["seed"] = int(self.seed)
            except ValueError as error:
                raise CallError(f'seed "{self.seed}" is not a whole number') from error
        if (cutoff_s := self.cutoff_s) is not None:
            wanted["cutoff_s"] = cutoff_s
        return wanted


class Reply:
    """What became of it.

    Attributes:
        state: ``done``, ``refused`` or ``over``; for the last two ``reason`` says why.
        status: Of the run, as boxwright names it; empty unless done.
        cost: What is to be minimised; None for a failure.
    """

    def __init__(self, answer: dict[str, object]) -> None:
        self.state = str(answer.get("state", "refused" if "text" in answer else "over"))
        self.status = str(answer.get("status", ""))
        self.run = answer.get("run", 0)
        cost, runtime_s, metrics = answer.get("cost"), answer.get("runtime_s", 0.0), answer.get("metrics")
        self.cost = float(cost) if isinstance(cost, int | float) else None
        self.runtime_s = float(runtime_s) if isinstance(runtime_s, int | float) else 0.0
        self.metrics: dict[str, float] = metrics if isinstance(metrics, dict) else {}
        self.reason = str(answer.get("reason") or answer.get("text") or "")

    @property
    def text(self) -> str:
        """Return where to look, and what was wrong, in one line."""
        words = f"run {self.run}" if self.run else ""
        text = f"{words}: {self.reason}" if words and self.reason else words or self.reason
        return " ".join(text.split())

    @property
    def remark(self) -> str:
        """Return the same without commas, which a result line cannot hold."""
        return self.text.replace(",", ";")


def number(text: str, name: str) -> float:
    """Return a text as a number.

    Raises:
        CallError: It is none.
    """
    try:
        value = float(text)
    except ValueError as error:
        raise CallError(f'{name} "{text}" is not a number') from error
    if math.isnan(value):
        raise CallError(f"{name} is not a number")
    return value


def pairs(words: list[str], *, joined: bool = False) -> dict[str, str]:
    """Return the parameters of ``-name value -name value``, quotes around a value taken off.

    Args:
        words: All of them.
        joined: Whether ``--name=value`` and two dashes are understood as well.

    Raises:
        CallError: A name has no value or two, or a word is no name.
    """
    texts: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word.strip("-") == "":
            raise CallError(f'found "{word}" where -name was expected')
        name, equals, value = word[1:].partition("=") if joined else (word[1:], "", "")
        if joined:
            name = name.removeprefix("-")
        if not equals:
            following = next(rest, None)
            if following is None:
                raise CallError(f'"{word}" has no value behind it')
            value = following
        put(texts, name, _bare(value))
    return texts


def put(texts: dict[str, str], name: str, text: str) -> None:
    """Set a parameter.

    Raises:
        CallError: It is set already.
    """
    if name in texts:
        raise CallError(f'"{name}" stands there twice')
    texts[name] = text


def _bare(value: str) -> str:
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] == "'" else value


def _valid(text: str) -> str:
    """Return a word of a command line as text that JSON can hold; bytes that are none are written in hex.

    Raises:
        CallError: It is none: a JSON file may name half of a character.
    """
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError as error:
        raise CallError(f'"{text}" holds half of a character') from error


def shortest(value: float) -> str:
    """Return a number so that it reads back the same."""
    return repr(float(value))
