"""Whatever we write is read back the same: result lines and calls of every dialect, spaces, scenarios, messages."""

from __future__ import annotations

import io
import json
import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.algo import dialects
from boxwright.algo.calls import Reply
from boxwright.algo.main import _read, _tell
from boxwright.errors import BoxwrightError
from boxwright.materialise.flags import flag_words
from boxwright.parse.result_line import parse_result, result_body
from boxwright.propose.intake import Intake
from boxwright.propose.protocol import (
    Ask,
    Error,
    Exhausted,
    Proposal,
    Ready,
    Running,
    Tell,
    decode_from_optimizer,
    decode_to_optimizer,
    encode,
)
from boxwright.scenario import load_scenario
from boxwright.scenario.toml_text import to_toml
from boxwright.space import Space, space_from_json, space_to_json
from boxwright.space.draft import Draft
from boxwright.space.pcs import read_pcs
from boxwright.space.pcs_text import space_to_pcs
from boxwright.terms import Status, Trial, Value, config_key
from space_strategies import TEXTS, VALUES, WHOLE, Table, loaded, tables

T = TypeVar("T")
QUALITIES = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([-0.0, 5e-324, 1.7976931348623157e308])
SECONDS = st.floats(0, 1e9)
REMARKS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ENDS = {"SUCCESS": Status.SUCCESS, "TIMEOUT": Status.TIMEOUT, "MEMOUT": Status.TIMEOUT, "ABORT": Status.ABORT}
SMAC = ["no_instance", "0", "5.0", "2147483647", "42", "-x", "1"]


@contextmanager
def printed() -> Iterator[list[str]]:
    """Yield the lines that are printed meanwhile."""
    lines: list[str] = []

    def keep(line: str) -> None:
        lines.append(line)

    original, dialects._print = dialects._print, keep
    try:
        with redirect_stderr(io.StringIO()):
            yield lines
    finally:
        dialects._print = original


def told(dialect: str, words: list[str], answer: dict[str, object]) -> str:
    with printed() as lines:
        _tell(dialect, _read(dialect, words), Reply(answer))
    return "\n".join(lines)


def attempt(call: Callable[[], T]) -> tuple[T | None, str]:
    """Return what a call returns, or None and what it says against it."""
    try:
        return call(), ""
    except BoxwrightError as error:
        return None, str(error)


def from_pcs(text: str) -> Space:
    draft = Draft()
    read_pcs(text, "x.pcs", draft)
    return draft.finish("x.pcs")


def same(one: float | None, other: float | None) -> bool:
    """Return whether two numbers are the same, to the last bit and the sign of a zero."""
    return repr(one) == repr(other)


@given(
    st.sampled_from(["smac2", "paramils", "aclib2"]),
    st.sampled_from([*ENDS, "CRASHED", "KILLED", "UNSAT", "LOST"]),
    QUALITIES,
    SECONDS,
    REMARKS,
)
@settings(max_examples=150)
def test_any_result_line_comes_back(dialect: str, status: str, cost: float, runtime_s: float, why: str) -> None:
    answer: dict[str, object] = {"state": "done", "status": status, "runtime_s": runtime_s, "run": 17, "reason": why}
    if status == "SUCCESS":
        answer["cost"] = cost
    words = ["--config", "-x", "1"] if dialect == "aclib2" else SMAC
    line = told(dialect, words, answer)
    assert "\n" not in line
    body = result_body(line.encode("utf-8", "replace"))
    assert body is not None
    found = parse_result(body.decode())
    assert found.status is ENDS.get(status, Status.CRASHED)
    assert same(found.quality, cost if status == "SUCCESS" else 1e9)
    assert same(found.runtime_s, runtime_s)
    assert found.runlength == (None if dialect == "aclib2" else -1)
    assert found.additional.startswith("run 17")
    assert found.additional.isprintable()


@given(QUALITIES, SECONDS, st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), QUALITIES, max_size=3))
@settings(max_examples=60)
def test_any_cost_comes_back_from_irace_plain_and_dakota(
    cost: float, runtime_s: float, metrics: dict[str, float]
) -> None:
    answer: dict[str, object] = {"state": "done", "status": "SUCCESS", "cost": cost, "runtime_s": runtime_s}
    answer["metrics"] = metrics
    irace = ["1", "2", "3", "i", "60", "--x", "1"]
    for words in (irace[:4], irace):
        assert list(map(repr, map(float, told("irace", words, answer).split()))) == [repr(cost), repr(runtime_s)]
    assert same(float(told("plain", ["x=1"], answer)), cost)
    with tempfile.TemporaryDirectory() as folder:
        parameters, results = Path(folder, "in"), Path(folder, "out")
        lines = ["1 variables", "1 x", f"{len(metrics) + 1} functions", "1 ASV_1:cost"]
        parameters.write_text("\n".join([*lines, *(f"1 ASV_2:{name}" for name in metrics)]))
        told("dakota", [str(parameters), str(results)], answer)
        found = [line.split() for line in results.read_text().splitlines()]
    assert [(repr(float(text)), name) for text, name in found] == [
        (repr(number), name) for name, number in [("cost", cost), *((n, metrics[n]) for n in metrics)]
    ]


@given(st.sampled_from([math.nan, math.inf, -math.inf]), st.sampled_from(["quality", "runtime"]))
def test_number_that_is_not_finite_is_no_result(number: float, field: str) -> None:
    runtime, quality = (number, 1.0) if field == "runtime" else (0.1, number)
    body = f" SUCCESS, {repr_java(runtime)}, 1, {repr_java(quality)}, 0"
    found, why = attempt(lambda: parse_result(body))
    if found is None:
        assert f"{field} {number!r} is not" in why or "quality is NaN" in why
    else:  # an endless quality is a crash later, an endless time the largest number
        assert math.isinf(found.quality or 0) or found.runtime_s == 1.7976931348623157e308


def repr_java(number: float) -> str:
    return repr(number).replace("inf", "Infinity").replace("nan", "NaN")


@given(tables(), st.data())
@settings(max_examples=40)
def test_any_configuration_comes_back_from_the_words_of_a_call(table: Table, data: st.DataObject) -> None:
    space = loaded(table)
    config = drawn(space, data)
    seed = data.draw(st.integers(0, 2**31 - 1))
    trial = Trial(1, config, instance="a b", seed=seed)
    intake = Intake(space, "refuse", lambda _: None)
    reals = [name for name in space.names if space.domain(name).kind == "float"]
    for dialect, flags, head in (
        ("smac2", "smac2", []),
        ("paramils", "smac2-quoted", []),
        ("aclib2", "-name value", ["--seed", str(seed), "--instance", "a b", "--config"]),
        ("aclib2", "aclib2", []),
        ("irace", "--name value", ["1", "1", str(seed), "a b"]),
        ("irace", "--name=value", ["1", "1", str(seed), "a b"]),
        ("plain", "name=value", ["--seed", str(seed), "--instance", "a b"]),
    ):
        words = [*head, *flag_words(trial, flags, reals=reals, noisy=True)]  # type: ignore[arg-type]
        wanted = json.loads(json.dumps(_read(dialect, words).wanted()))
        assert (wanted["instance"], wanted["seed"]) == ("a b", seed)
        assert config_key(intake.config(wanted["texts"], {})) == config_key(config), (dialect, flags)


def drawn(space: Space, data: st.DataObject) -> dict[str, Value]:
    """Draw a configuration of a space."""
    u = data.draw(st.lists(st.floats(0, 1, exclude_max=True), min_size=len(space.names), max_size=len(space.names)))
    return space.from_unit(u) or space.default()


@given(tables(TEXTS, WHOLE), st.data())  # a constant that is a text comes back as the only choice
@settings(max_examples=40)
def test_any_space_comes_back_from_its_pcs_file(table: Table, data: st.DataObject) -> None:
    space = loaded(table)
    written, why = attempt(lambda: space_to_pcs(space))
    if written is None:
        assert "cannot stand in a" in why
        return
    assert not written[1]
    back, why = attempt(lambda: from_pcs(written[0]))
    if back is None:  # SMAC v2's own rule is stricter: the defaults of inactive parameters count, too
        assert "the default configuration is forbidden" in why
        return
    assert space_to_json(back) == space_to_json(space)
    config = drawn(space, data)
    assert config_key(back.check(config)) == config_key(config)


@given(tables(), st.data())
@settings(max_examples=40)
def test_any_space_comes_back_from_its_json(table: Table, data: st.DataObject) -> None:
    space = loaded(table)
    text = space_to_json(space)
    back = space_from_json(text)
    assert space_to_json(back) == text
    config = drawn(space, data)
    assert config_key(back.check(config)) == config_key(config)
    assert config_key(json.loads(json.dumps(config))) == config_key(config)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
QUOTES = st.sampled_from(['"', "'''", '"""', "\\", "\\u00e9", "é # no comment", "{{ seed }}", "a = b", "[x]", "\t"])
WORD = (TEXT | QUOTES).filter(lambda text: not {"{%", "{#"} & {text[i : i + 2] for i in range(len(text))})
POSITIVE = st.floats(1e-300, 1e300)
SCENARIOS = st.fixed_dictionaries(
    {
        "command": st.fixed_dictionaries(
            {"argv": st.lists(WORD, min_size=1, max_size=3)},
            optional={"flags": st.sampled_from(["--name value", "smac2", "name=value"]), "exit_code": st.booleans()},
        ),
        "space": tables(),
    },
    optional={
        "study": st.fixed_dictionaries(
            {},
            optional={
                "seed": st.integers(0, 2**31 - 1),
                "retries": st.integers(0, 9),
                "metrics": st.lists(TEXT, max_size=3, unique=True),
                "objective": st.fixed_dictionaries(
                    {"metric": TEXT}, optional={"direction": st.sampled_from(["minimize", "maximize"])}
                ),
            },
        ),
        "limits": st.fixed_dictionaries({}, optional={"cutoff_s": POSITIVE, "grace_s": st.floats(0, 1e6)}),
        "environment": st.fixed_dictionaries(
            {"set": st.dictionaries(st.from_regex(r"[A-Z]{1,4}", fullmatch=True), WORD)}
        ),
        "instances": st.fixed_dictionaries({"names": st.lists(TEXT, min_size=1, max_size=3, unique=True)}),
        "parse": st.fixed_dictionaries({"regex": st.dictionaries(TEXT, st.just("x: (.*)"), max_size=2)}),
    },
)
ENDINGS = st.sampled_from(
    [
        {"optimizer": {"runs": 12, "seed": 3}},
        {"design": {"kind": "sobol", "runs": 16}},
        {"optimizer": {"runs": 6, "command": ["a b", "é'\""]}},
    ]
)


@given(SCENARIOS, ENDINGS)
@settings(max_examples=60)
def test_any_scenario_comes_back_from_its_own_text(document: dict[str, Any], ending: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, again = Path(folder, "scenario.toml"), Path(folder, "elsewhere", "x.toml")
        file.write_text(to_toml({**document, **ending}), "utf-8")
        first, why = attempt(lambda: load_scenario(file))
        if first is None:
            assert "\n" not in why
            return
        again.parent.mkdir()
        again.write_text(first.text, "utf-8")
        second = load_scenario(again)
        assert second.scenario == first.scenario
        assert second.folder == first.folder
        assert second.text == first.text
        assert list(first.scenario.command.argv) == document["command"]["argv"]


NOT_FINITE = ("inf", "-inf", "nan")


@pytest.mark.parametrize(
    "key",
    [
        *("limits.cutoff_s", "limits.grace_s", "limits.wallclock_s", "limits.runtime_s", "limits.cutoff_factor"),
        *("optimizer.random_share", "optimizer.target", "optimizer.min_improvement", "postprocess.cutoff_s"),
        *("study.objective.penalty", "study.objective.par", "space.x.lower", "space.x.upper", "space.x.default"),
    ],
)
def test_number_of_a_scenario_that_is_not_finite_is_refused(tmp_path: Path, key: str) -> None:
    from boxwright.study.setup import prepare

    (tmp_path / "scenario.toml").write_text(
        '[command]\nargv = ["true"]\n[space]\nx = { type = "float", lower = 0, upper = 1 }\n'
        '[optimizer]\nruns = 9\nseeds = 1\n[limits]\ncutoff_s = 1\n[postprocess]\nargv = ["true"]\n'
    )
    for number in NOT_FINITE:
        with pytest.raises(BoxwrightError, match=key.rpartition(".")[2]):
            prepare(load_scenario(tmp_path / "scenario.toml", [f"{key}={number}"]))


CONFIGS = st.dictionaries(TEXTS, VALUES, max_size=4)
NATURAL = st.integers(0, 2**53)
STATUSES = st.sampled_from(Status)
COSTS = st.none() | QUALITIES


@given(
    st.one_of(
        st.builds(Ask, id=NATURAL, ahead=st.booleans()),
        st.builds(Running, config=CONFIGS, own=st.booleans(), origin=REMARKS),
        st.builds(
            Tell,
            trial=NATURAL,
            config=CONFIGS,
            status=st.sampled_from(Status),
            cost=COSTS,
            own=st.booleans(),
            origin=REMARKS,
        ),
    ),
    st.one_of(
        st.builds(Ready, name=REMARKS),
        st.builds(Exhausted, id=NATURAL),
        st.builds(Error, message=REMARKS),
        st.builds(Proposal, id=NATURAL, config=CONFIGS, origin=REMARKS, own=NATURAL, shared=NATURAL, cpu_s=SECONDS),
    ),
)
@settings(max_examples=100)
def test_any_message_to_and_from_an_optimizer_is_one_line_and_comes_back(
    down: Ask | Running | Tell, up: Ready | Exhausted | Error | Proposal
) -> None:
    for message, decode in ((down, decode_to_optimizer), (up, decode_from_optimizer)):
        line = encode(message)
        assert line.count(b"\n") == 1
        found: Any = decode(line)
        assert type(found) is type(message)
        assert msgspec.to_builtins(found) == msgspec.to_builtins(message)
        assert repr(found) == repr(message)
