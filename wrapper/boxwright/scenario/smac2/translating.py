"""What each option of SMAC v2 becomes in a scenario, with the rules by which SMAC v2 counts outcomes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from boxwright.errors import ScenarioError
from boxwright.scenario.instances import read_features, read_instances
from boxwright.scenario.layers import Document
from boxwright.scenario.smac2.earlier import others, shared_runs, states
from boxwright.scenario.smac2.places import Places, files_in
from boxwright.scenario.smac2.reading import Entry
from boxwright.scenario.smac2.validating import ValidationOptions
from boxwright.scenario.smac2.values import UNLIMITED, Values
from boxwright.scenario.smac2.words import as_template, read_configuration, split_algo

PAR = {"MEAN": 1.0, "MEAN10": 10.0, "MEAN1000": 1000.0}
PENALTY = 1e9
PARSE = {"result_line": True, "duplicates": "abort", "unsat": "success", "unread_runtime": "smac2"}
"""How SMAC v2 reads what a wrapper prints."""

KILL_FACTOR = 10.0
ACQUISITIONS = {"EI": "ei", "LCB": "lcb"}
SHARED_EVERY_S = 300.0
_AT_ONCE_S = 0.001
_SEEDS = 2**31
OBSERVER_MS = 2000  # a wrapper is to tell its time twice as often as SMAC v2 looks
TIME_VARIABLES = ("AEATK_PORT", "AEATK_CPU_TIME_FREQUENCY")
_ENDLESS = 1_000_000.0  # times the cutoff: never
_FIRST = {"DEFAULT": "default", "<DEFAULT>": "default", "RANDOM": "random", "<RANDOM>": "random"}


class Translation:
    """One option file on its way to a scenario.

    Attributes:
        places: Key of the scenario → file, line and key of the option that says it.
        notes: What has no effect here, in one line each.
        lost: Those of them that a scenario in TOML does not even keep.
    """

    def __init__(self, entries: Sequence[Entry], file: Path, folder: Path) -> None:
        self.places: dict[tuple[str | int, ...], str] = {}
        self.lost = [
            f"{entry.place}: no effect: {reason}." for entry in entries if (reason := entry.option.no_effect)
        ]
        self.notes = list(self.lost)
        self._file = file
        self._values = Values(entries)
        self._files = Places(folder, self._values.text("experiment-dir"))
        self._document: Document = {}
        self._others: Path | None = None
        self._has_seeds = False

    def document(self) -> Document:
        """Return the scenario.

        Raises:
            ScenarioError: A value is wrong or missing.
        """
        self._study()
        self._command()
        self._space()
        self._limits()
        self._instances()
        self._optimizer()
        validation = ValidationOptions(self._values, self._document.get("instances", {}), self._files)
        for option, key, value in validation.found():
            self._put(option, ("validation", key), value)
        for option, reason in validation.without_effect:
            self._note(option, reason)
        self._put("", ("parse",), dict(PARSE))
        cores = self._values.whole("cores", least=1)
        self._put("cores", ("slots", "count"), cores)
        for name in self._values.unread():
            self._note(name, "nothing that is set here looks at it")
        return self._document

    def _put(self, option: str, key: tuple[str, ...], value: Any) -> None:
        """Set a key of the scenario, unless there is nothing to be set, and remember which option says so."""
        if value is None:
            return
        table = self._document
        for part in key[:-1]:
            table = table.setdefault(part, {})
        table[key[-1]] = value
        if place := self._values.place(option):
            self.places[key] = place

    def _required(self, option: str, names: str) -> str:
        text = self._values.text(option)
        if text is None:
            raise ScenarioError(f"{names} is missing. Write {names} = …", place=str(self._file))
        return text

    # ------------------------------------------------------------------------------------------ sections

    def _study(self) -> None:
        name, folder = self._rungroup(), self._values.text("output-dir")
        self._others = others(self._values, name, self._number())
        own = name if self._others is None else f"{name}-{self._number()}"  # several may share one folder
        self._put("rungroup", ("study", "name"), _as_name(own))
        if self._others is None and folder is not None:
            self._put("output-dir", ("study", "folder"), str(Path(folder, name)))
        self._put("output-dir", ("study", "smac2"), True if self._others is None else str(self._others))
        is_noisy = not self._values.flag("algo-deterministic", True)
        self._put("algo-deterministic", ("study", "seed"), 1 if is_noisy else 0)  # SMAC v2's seeds are above 0
        self._put("algo-deterministic", ("study", "noisy"), is_noisy or None)
        self._put("retry-crashed-count", ("study", "retries"), self._values.whole("retry-crashed-count"))
        self._required("run-obj", "run_obj")
        run_obj = self._values.word("run-obj", {"RUNTIME": 1, "QUALITY": 1}, "")
        if run_obj == "RUNTIME":
            par = PAR[self._values.word("intra-obj", PAR, "MEAN10")]
            self._put("run-obj", ("study", "objective"), {"metric": "runtime", "par": par})
        else:
            if self._values.word("intra-obj", PAR, "MEAN") != "MEAN":
                self._note("intra-obj", "a quality counts as it is reported, and is averaged")
            penalty = self._values.number("transform-crashed-quality-value", PENALTY)
            if not self._values.flag("transform-crashed-quality", True):
                penalty = None
            self._put("run-obj", ("study", "objective"), {"metric": "quality"})
            self._put("transform-crashed-quality-value", ("study", "objective", "penalty"), penalty)
        if self._values.word("inter-obj", PAR, "MEAN") != "MEAN":
            self._note("inter-obj", "what a configuration comes to on its instances is averaged")

    def _command(self) -> None:
        try:
            words = split_algo(self._required("algo-exec", "algo"))
        except ValueError as error:
            raise ScenarioError(
                f"cannot be cut into words: {error}", place=self._values.place("algo-exec")
            ) from error
        if not words or not words[0]:
            raise ScenarioError(
                "the program is empty. Write its name or path.", place=self._values.place("algo-exec")
            )
        tae = self._values.text("tae", "CLI")
        if tae != "CLI":
            raise ScenarioError(
                f'"{tae}" is not there: a command is run. Write CLI.', place=self._values.place("tae")
            )
        execdir = self._values.text("algo-exec-dir", ".") or "."
        workdir = self._files.workdir(execdir, words, self._values.place("algo-exec-dir") or str(self._file))
        self._put("algo-exec", ("command", "argv"), [as_template(word) for word in words])
        self._put("algo-exec-dir", ("command", "folder"), self._files.shown(workdir))
        is_quoted = self._values.flag("cli-call-params-with-quotes", False)
        self._put("", ("command", "flags"), "smac2-quoted" if is_quoted else "smac2")
        self._put("", ("command", "exit_code"), False)  # SMAC v2 does not look at it
        if not self._values.flag("cli-listen-for-updates", True):
            self._put("cli-listen-for-updates", ("environment", "unset"), list(TIME_VARIABLES))
        elif (often_ms := self._values.whole("cli-observer-frequency", least=25)) is not None:
            text = repr(often_ms / OBSERVER_MS)
            self._put("cli-observer-frequency", ("environment", "set"), {TIME_VARIABLES[1]: text})

    def _space(self) -> None:
        text = self._required("pcs-file", "pcs-file")
        place = self._values.place("pcs-file")
        if text in ("SINGLETON", "NULL"):
            raise ScenarioError(f"{text} is a space without parameters: there is nothing to search.", place=place)
        path = self._files.file(text, place, in_parents=True)
        self._put("pcs-file", ("space", "file"), self._files.shown(path))

    def _limits(self) -> None:
        cutoff_s = self._values.seconds("algo-cutoff-time")
        if cutoff_s is None and self._document["study"]["objective"].get("par"):
            raise ScenarioError(
                "run_obj = RUNTIME scores runs by the cutoff. Set cutoff_time.",
                place=self._values.place("algo-cutoff-time") or self._values.place("run-obj"),
            )
        self._put("algo-cutoff-time", ("limits", "cutoff_s"), cutoff_s)
        factor = self._values.number("kill-run-exceeding-captime-factor", KILL_FACTOR, least=1)
        if not self._values.flag("kill-run-exceeding-captime", True):
            factor = _ENDLESS
        if cutoff_s is not None:
            self._put("kill-run-exceeding-captime-factor", ("limits", "cutoff_factor"), factor)
        self._put("wallclock-limit", ("limits", "wallclock_s"), self._values.seconds("wallclock-limit"))
        self._put("cputime-limit", ("limits", "runtime_s"), self._values.seconds("cputime-limit"))
        stops = self._values.flag("abort-on-first-run-crash", True)
        self._put("abort-on-first-run-crash", ("limits", "first_failures"), 1 if stops else 0)
        self._put("abort-on-crash", ("limits", "crashes"), 1 if self._values.flag("abort-on-crash", False) else None)

    def _instances(self) -> None:
        if not self._values.flag("use-instances", True):
            return
        for option, key, suffix in (
            ("instances", "file", "instance-suffix"),
            ("test-instances", "test", "test-instance-suffix"),
            ("feature-file", "features", None),
        ):
            text = self._values.text(option)
            if text is None:
                continue
            place = self._values.place(option)
            path = self._files.file(text, place)
            pattern = self._values.text(suffix) if suffix else None
            if path.is_dir() and suffix is None:
                raise ScenarioError(f'"{text}" is a folder, expected a file.', place=place)
            if path.is_dir():
                own = "names" if key == "file" else key
                self._put(option, ("instances", own), files_in(path, pattern, text, place))
            else:
                self._put(option, ("instances", key), self._files.shown(path))
        self._fixed_instances()

    def _fixed_instances(self) -> None:
        """Take instances as a deterministic command sees them: without seeds; and look at their files."""
        table = self._document.get("instances", {})
        if "features" in table and not ("file" in table or "names" in table):
            read_features(self._files.file(table["features"], ""), table["features"])
            self._note("feature-file", "there are no instances that it could be about", is_kept=True)
        elif "features" in table:
            self._note("feature-file", "features of instances are checked, but no model knows them", is_kept=True)
        if "file" in table:
            rows = read_instances(self._files.file(table["file"], ""), table["file"])
            self._has_seeds = any(row.seed is not None for row in rows)
            if self._has_seeds and self._values.flag("algo-deterministic", True):
                del table["file"]
                table["names"] = list(dict.fromkeys(row.name for row in rows))
                table["specific"] = {row.name: row.specific for row in rows if row.specific not in (None, "0")}
            self._check_exist([row.name for row in rows])
        elif "names" in table:
            self._check_exist(table["names"])

    def _check_exist(self, names: Sequence[str]) -> None:
        if self._values.flag("check-instances-exist", False):
            for name in names:
                self._files.file(name, self._values.place("instances"))

    def _optimizer(self) -> None:
        runs = self._values.whole("runcount-limit", least=1)
        limits = self._document["limits"]
        if runs is None and "wallclock_s" not in limits and "runtime_s" not in limits:
            wanted = "runcount-limit, wallclock-limit or cputime-limit"
            raise ScenarioError(f"no limit is set, so it would never end. Set {wanted}.", place=str(self._file))
        self._put("runcount-limit", ("optimizer", "runs"), min(runs or UNLIMITED, UNLIMITED))
        self._put("seed", ("optimizer", "seed"), self._number())
        if not self._values.flag("shared-model-mode", False):
            self._put("shared-model-mode", ("optimizer", "seeds"), 1)
        else:
            often_s = self._values.number("shared-model-mode-frequency", SHARED_EVERY_S, least=0)
            self._put("shared-model-mode-frequency", ("optimizer", "follow_s"), max(often_s or 0, _AT_ONCE_S))
        if self._values.word("exec-mode", {"SMAC": 1, "ROAR": 1, "PSEL": 1}, "SMAC") == "ROAR":
            self._put("exec-mode", ("optimizer", "model"), "random")
        elif (self._values.text("exec-mode") or "").upper() == "PSEL":
            self._note("exec-mode", "the model proposes as with SMAC")
        acquisition = ACQUISITIONS.get((self._values.text("acq-func") or "EI").upper())
        if acquisition is None:
            self._note("acq-func", "expected improvement is taken")
        elif "model" not in self._document["optimizer"]:
            self._put("acq-func", ("optimizer", "acquisition"), None if acquisition == "ei" else acquisition)
        calls = self._values.whole("max-incumbent-runs", least=1)
        if self._has_seeds and self._document["study"].get("noisy"):
            self._put("instances", ("optimizer", "max_config_calls"), 1)
        elif calls is not None and self._document["study"].get("noisy"):
            self._put("max-incumbent-runs", ("optimizer", "max_config_calls"), min(calls, 100_000))
        elif calls is not None:
            self._note("max-incumbent-runs", "a deterministic command runs a configuration once on each instance")
        self._put("initial-incumbent", ("optimizer", "first"), list(self._first()) or None)
        self._earlier()

    def _earlier(self) -> None:
        """Take runs of elsewhere: the model knows them."""
        sources = []
        for option, source in states(self._values, self._files):
            sources.append(source)
            if option == "restore-state-from":
                what = "its runs go to the model; they are no runs of this study, and count against no limit"
                self.notes.append(f"{self._values.place(option)}: {what}.")
        if self._others is not None:
            sources += shared_runs(self._others)
        option = next((name for name in ("restore-state-from", "warmstart") if self._values.place(name)), "")
        self._put(option or "shared-model-mode", ("optimizer", "warm_start"), sources or None)

    def _first(self) -> Iterator[str | dict[str, str]]:
        """Yield the configurations that run first: the initial incumbent, then its challengers."""
        found = self._values.all("initial-incumbent")
        challengers = self._values.all("initial-challengers")
        begins_with_default = bool(challengers and not found)
        if begins_with_default:
            yield "default"  # SMAC v2 does so unless it is told otherwise
        for index, entry in enumerate([*found, *challengers], int(begins_with_default)):
            self.places["optimizer", "first", index] = entry.place
            if entry.value.upper() in _FIRST:
                yield _FIRST[entry.value.upper()]
                continue
            try:
                values = read_configuration(entry.value)
            except ValueError as error:
                raise ScenarioError(f"{error}. Write -name 'value' -name 'value' …", place=entry.place) from error
            if not values:
                raise ScenarioError("names no value. Write -name 'value', DEFAULT or RANDOM.", place=entry.place)
            yield values

    def _note(self, option: str, reason: str, *, is_kept: bool = False) -> None:
        note = f"{self._values.place(option)}: no effect: {reason}."
        self.notes.append(note)
        self.lost += [] if is_kept else [note]

    def _number(self) -> int:
        """Return the number of the first optimizer seed, from which its random numbers start.

        Raises:
            ScenarioError: It is too large for SMAC v2.
        """
        seed = self._values.whole("seed", 0) or 0
        offset = self._values.whole("seed-offset", 0) or 0
        if seed + offset >= _SEEDS:
            wanted = f"a whole number below {_SEEDS}, seed-offset included"
            raise self._values.wrong("seed" if self._values.place("seed") else "seed-offset", wanted)
        return seed + offset

    def _rungroup(self) -> str:
        text = self._values.text("rungroup", "%SCENARIO_NAME") or ""
        now = time.localtime()
        for mark, value in (
            ("%SCENARIO_NAME", self._file.stem),
            ("%SCENARIO_FILE", self._file.name),
            ("%DATETIME", time.strftime("%Y-%m-%d-%H-%M-%S", now)),
            ("%DATE", time.strftime("%Y-%m-%d", now)),
        ):
            text = text.replace(mark, value)
        return text


def _as_name(text: str) -> str:
    name = re.sub(r"[^\w .@+-]", "_", text).strip(" .-")[:60]
    return name or "study"
