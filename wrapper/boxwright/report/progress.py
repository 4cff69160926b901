"""Progress of a running study: a live display on a terminal, one line per run elsewhere. Both go to stderr."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

from boxwright.errors import one_line
from boxwright.report.words import config_text, counted, mean_quality, number, runs_text, seconds
from boxwright.store.records import RunRecord
from boxwright.study.watching import Progress, Watcher
from boxwright.terms import Slot, Status, Trial

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live
    from rich.text import Text


def time_left_s(progress: Progress, settled_before: int, elapsed_s: float) -> float | None:
    """Return the expected seconds to the end at the pace of this session, None while there is none to go by."""
    done = progress.settled - settled_before
    if progress.total is None or done < 1:
        return None
    return elapsed_s / done * max(0, progress.total - progress.settled)


def open_progress(stream: TextIO, objective: str) -> PlainProgress | LiveProgress:
    """Return the watcher that suits the stream."""
    return LiveProgress(stream, objective) if stream.isatty() else PlainProgress(stream, objective)


class PlainProgress(Watcher):
    """One line per run: for pipes, log files and CI."""

    def __init__(self, stream: TextIO, objective: str) -> None:
        self._stream = stream
        self._objective = objective
        self._before = 0
        self._began = time.monotonic()

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.flush()

    def study_started(self, progress: Progress, slots: tuple[Slot, ...]) -> None:
        """Say what there is to do."""
        self._before, self._began = progress.settled, time.monotonic()
        total = "?" if progress.total is None else progress.total
        self._say(f"{progress.settled} of {total} trials done; {counted(len(slots), 'slot')}")

    def slots_changed(self, slots: tuple[Slot, ...], text: str) -> None:
        """Say so."""
        self._say(f"{text}; {counted(len(slots), 'slot')}")

    def run_started(self, run: int, trial: Trial, slot: Slot) -> None:
        """Say nothing: a line per run is enough."""

    def run_ended(self, record: RunRecord, progress: Progress) -> None:
        """Say what a run came to."""
        total = "?" if progress.total is None else progress.total
        best = "" if progress.incumbent is None else f", best {mean_quality(progress.incumbent)}"
        left_s = time_left_s(progress, self._before, time.monotonic() - self._began)
        left = "" if not left_s else f", {seconds(left_s)} left"
        quality = "" if record.quality is None else f" {self._objective} {number(record.quality)}"
        reason = f": {record.reason}" if record.reason else ""
        self._say(f"run {record.run}: {record.status}{quality}{reason} [{progress.settled}/{total}{best}{left}]")

    def stopping(self) -> None:
        """Say nothing: a note says why."""

    def note(self, text: str) -> None:
        """Pass it on."""
        self._say(text)

    def _say(self, text: str) -> None:
        self._stream.write(f"{one_line(text)}\n")
        self._stream.flush()


class LiveProgress(Watcher):
    """A progress bar, what each slot is running, the incumbent, the time left."""

    def __init__(self, stream: TextIO, objective: str) -> None:
        self._stream = stream
        self._objective = objective
        self._slots: tuple[Slot, ...] = ()
        self._pilots = ""
        self._on_slot: dict[int, tuple[int, Trial, float]] = {}
        self._progress = Progress(0, None, 0, None)
        self._before = 0
        self._began = time.monotonic()
        self._stopping = False
        self._over = False
        self._live: Live | None = None

    def __enter__(self) -> LiveProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        if self._live is not None:
            self._live.update(self._render(), refresh=True)
            self._live.stop()

    def study_started(self, progress: Progress, slots: tuple[Slot, ...]) -> None:
        """Open the display."""
        from rich.console import Console
        from rich.live import Live

        self._progress, self._slots = progress, slots
        self._before, self._began = progress.settled, time.monotonic()
        self._live = Live(
            console=Console(file=self._stream), get_renderable=self._render, refresh_per_second=4, transient=False
        )
        self._live.start()

    def slots_changed(self, slots: tuple[Slot, ...], text: str) -> None:
        """Show the slots that there are now, and what of pilots."""
        self._slots, self._pilots = slots, f"{text}; {counted(len(slots), 'slot')}"

    def run_started(self, run: int, trial: Trial, slot: Slot) -> None:
        """Show the run on its slot."""
        self._on_slot[slot.number] = (run, trial, time.monotonic())

    def run_ended(self, record: RunRecord, progress: Progress) -> None:
        """Free the slot; leave a line behind where a run gave no answer."""
        self._progress = progress
        if self._on_slot.get(record.slot, (0,))[0] == record.run:
            del self._on_slot[record.slot]
        if record.status is not Status.SUCCESS:
            self.note(f"run {record.run}: {record.status}{': ' if record.reason else ''}{record.reason}")

    def stopping(self) -> None:
        """Say so beside the bar until the end."""
        self._stopping = True

    def note(self, text: str) -> None:
        """Print a line above the display."""
        from rich.text import Text

        if self._live is not None:
            self._live.console.print(Text(one_line(text)))
        else:
            self._stream.write(f"{one_line(text)}\n")

    def _render(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        if self._over:
            return Group(self._head(), self._best())
        parts = [self._head(), *([Text(self._pilots, style="dim")] if self._pilots else []), self._slot_table()]
        return Group(*parts, self._best())

    def _head(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        state = self._progress
        left_s = time_left_s(state, self._before, time.monotonic() - self._began)
        stopping = ("stopped" if self._over else "stopping") if self._stopping else ""
        texts = [
            Text(f"{state.settled}/{'?' if state.total is None else state.total} runs"),
            Text(f"{state.failed} failed" if state.failed else "", style="red"),
            Text(stopping or (f"{seconds(left_s)} left" if left_s else ""), style="yellow" if stopping else ""),
        ]
        texts_width = sum(len(text) + 2 for text in texts)
        width = 80 if self._live is None else self._live.console.width
        head = Table.grid(padding=(0, 2))
        head.add_row(
            ProgressBar(
                total=state.total or max(1, state.settled),
                completed=state.settled,
                width=max(10, min(40, width - texts_width)),
            ),
            *texts,
        )
        return head

    def _slot_table(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        state = self._progress
        to_come = state.total is not None and state.settled + len(self._on_slot) < state.total
        idle = "proposing …" if to_come and not self._stopping else ""
        rows = [("slot", "GPU", "run", "for", "configuration")]
        for slot in self._slots[:32]:
            gpus = ",".join(slot.gpus) or "–"
            if slot.number in self._on_slot:
                run, trial, since = self._on_slot[slot.number]
                lasts = seconds(time.monotonic() - since)
                rows.append((str(slot.number), gpus, str(run), lasts, config_text(trial.config)))
            else:
                rows.append((str(slot.number), gpus, "–", "", idle))
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name, *cells in zip(*rows, strict=True):
            is_last = name == "configuration"
            width = None if is_last else max(map(len, (name, *cells)))
            table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=width)
        for row in rows[1:]:
            table.add_row(*map(Text, row))
        return table

    def _best(self) -> Text:
        from rich.text import Text

        best = self._progress.incumbent
        if best is None:
            return Text("no success yet", style="dim")
        return Text(
            f"best: {runs_text(best)}, {self._objective} {mean_quality(best)}: {config_text(best.config)}",
            style="green",
        )
