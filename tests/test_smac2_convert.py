"""``boxwright convert``: what is written is read back the same, and what is lost is said."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.commands.convert import convert
from boxwright.gallery import gallery_scenarios
from boxwright.scenario import load_scenario
from boxwright.scenario.layers import show
from boxwright.scenario.toml_text import to_toml
from boxwright.space import Space, load_space, space_to_json
from boxwright.space.draft import Draft
from boxwright.space.pcs import read_pcs
from boxwright.space.pcs_text import space_to_pcs
from smac2_support import make_smac2
from support import RunBoxwright

SECONDS = st.floats(0.001, 1e6)
WORDS = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs", "Cc"]), max_size=6)
OPTIONS = st.fixed_dictionaries(
    {"algo": st.sampled_from(["./wrapper.sh", './wrapper.sh "a b" \\"c', "./wrapper.sh {{x}} {%"])},
    optional={
        "deterministic": st.sampled_from(["true", "false", "0", "1"]),
        "cutoff_time": SECONDS.map(repr),
        "wallclock-limit": SECONDS.map(repr),
        "tunerTimeout": SECONDS.map(repr),
        "seed": st.integers(0, 2**31 - 1).map(str),
        "shared-model-mode": st.sampled_from(["true", "false"]),
        "shared-model-mode-frequency": SECONDS.map(repr),
        "abort-on-crash": st.sampled_from(["true", "false"]),
        "abort-on-first-run-crash": st.sampled_from(["true", "false"]),
        "retry-crashed-count": st.integers(0, 9).map(str),
        "maxIncumbentRuns": st.integers(1, 99).map(str),
        "exec-mode": st.sampled_from(["SMAC", "ROAR"]),
        "initial-incumbent": st.sampled_from(["DEFAULT", "RANDOM", "-x '0.25' -c 'b'"]),
        "outdir": st.sampled_from(["out", "a b/c"]),
        "rungroup": st.sampled_from(["r", "r 1"]),
        "cores": st.integers(1, 9).map(str),
        "cli-listen-for-updates": st.sampled_from(["true", "false"]),
        "cli-observer-frequency": st.integers(25, 10**6).map(str),
        "instances": st.just("instances.txt"),
        "transform-crashed-quality-value": st.floats(0, 1e12).map(repr),
        "test-instances": st.sampled_from(["instances.txt", "set"]),
        "validation": st.sampled_from(["true", "false"]),
        "validate-all": st.sampled_from(["true", "false"]),
        "validate-only-last-incumbent": st.sampled_from(["true", "false"]),
        "mult-factor": st.floats(1.01, 100).map(repr),
        "min-timestamp": SECONDS.map(repr),
        "max-timestamp": SECONDS.map(repr),
        "num-test-instances": st.integers(1, 9).map(str),
        "validation-seed": st.integers(0, 99).map(str),
    },
)


@contextmanager
def empty_folder() -> Iterator[Path]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


@given(OPTIONS, st.sampled_from(["QUALITY", "RUNTIME"]))
@settings(max_examples=25)
def test_any_option_file_comes_back_from_toml_and_from_options_again(options: dict[str, str], run_obj: str) -> None:
    if run_obj == "RUNTIME":
        options = {"cutoff_time": "5", **options}
        options.pop("transform-crashed-quality-value", None)
    if "instances" in options and "test-instances" not in options:
        options = {**options, "validation": "false"}  # there would be nothing to validate on
    with empty_folder() as folder:
        lines = [f"{key} = {value}" for key, value in options.items()]
        file = make_smac2(folder / "s", f"run_obj = {run_obj}", *lines, instances="a,SAT\nb,0\n")
        (folder / "s" / "set").mkdir()
        (folder / "s" / "set" / 'a "b"').touch()
        lost = convert(file, folder / "s" / "scenario.toml")
        idle = ("maxIncumbentRuns", "nothing that is set here looks at it")
        assert [line for line in lost if not any(words in line for words in idle)] == []
        assert convert(folder / "s" / "scenario.toml", folder / "back.txt") == []
        first, second = (load_scenario(path).scenario for path in (file, folder / "back.txt"))
        assert (second.study, second.optimizer, second.limits) == (first.study, first.optimizer, first.limits)
        assert (second.validation, second.command.argv) == (first.validation, first.command.argv)
        assert second.environment == first.environment
        old, new = (msgspec.structs.replace(scenario.instances, test=None) for scenario in (first, second))
        assert new == old


NAMES = st.sampled_from(["a", "b_1", "c-2", "d.e"])
VALUES = st.lists(st.text("abcXYZ019._-+", min_size=1, max_size=4), min_size=1, max_size=4, unique=True)
BOUNDS = st.tuples(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6)).map(lambda pair: (pair[0], pair[0] + pair[1]))
WHOLE = st.tuples(st.integers(-1000, 1000), st.integers(1, 1000)).map(lambda pair: (pair[0], pair[0] + pair[1]))
PARAMETERS = st.one_of(
    BOUNDS.map(lambda pair: {"type": "float", "lower": pair[0], "upper": pair[1]}),
    WHOLE.map(lambda pair: {"type": "int", "lower": pair[0], "upper": pair[1]}),
    st.tuples(st.floats(1e-9, 1), st.floats(2, 1e9)).map(
        lambda pair: {"type": "float", "lower": pair[0], "upper": pair[1], "log": True}
    ),
    VALUES.map(lambda values: {"type": "categorical", "choices": values, "default": values[-1]}),
    VALUES.map(lambda values: {"type": "ordinal", "sequence": values}),
    st.integers(-99, 99).map(lambda value: {"type": "constant", "value": value}),
)


@given(st.dictionaries(NAMES, PARAMETERS, min_size=1), st.data())
@settings(max_examples=60)
def test_any_space_comes_back_from_its_pcs_file(table: dict[str, dict[str, object]], data: st.DataObject) -> None:
    import msgspec

    from boxwright.scenario.parameters import SpaceTable

    choices = {name: entry["choices"] for name, entry in table.items() if entry["type"] == "categorical"}
    for parent, values in choices.items():
        for name, entry in table.items():
            if name > parent and "when" not in entry:
                assert isinstance(values, list)
                chosen = data.draw(st.lists(st.sampled_from(values), min_size=1, unique=True))
                entry["when"] = f"{parent} in {{{', '.join(chosen)}}}"
    space = load_space(msgspec.convert(table, SpaceTable), place="", folder=Path())
    text, lost = space_to_pcs(space)
    assert not lost
    draft = Draft()
    read_pcs(text, "x.pcs", draft)
    assert space_to_json(draft.finish("x.pcs")) == space_to_json(space)


@pytest.mark.parametrize(
    "text",
    [
        "a categorical {x, y} [x]\nb real [0, 1] [0.5]\nb | a == x\n",
        "a ordinal {x, y, z} [x]\nb real [0, 1] [0.5]\nb | a != x && a < z || a == z\n",
        "a integer [1, 9] [3] log\nb integer [5, 5] [5]\nb | a > 3\n{a=4, b=5}\n{a=7}\n",
        "a real [0, 1] [0.1]\nb real [0, 1] [0.1]\n{a + b > 1.6 && a < 3}\n",
        "a [1, 10] [2]il\nb {x, y} [y]\nc {u, v} [u]\nb | c in {u}\nb | a in {2, 3}\n",
    ],
)
def test_conditions_and_forbidden_clauses_come_back_from_a_pcs_file(text: str) -> None:
    spaces: list[Space] = []
    for source in (text, ""):
        draft = Draft()
        read_pcs(source or space_to_pcs(spaces[0])[0], "x.pcs", draft)
        spaces.append(draft.finish("x.pcs"))
    assert space_to_json(spaces[1]) == space_to_json(spaces[0])


def test_convert_says_key_by_key_what_is_lost(boxwright: RunBoxwright, tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(
        to_toml(
            {
                "command": {"argv": ["true"], "flags": "--name value"},
                "space": {
                    "x": {"type": "normal", "mu": 0.0, "sigma": 1.0, "lower": -1.0, "upper": 1.0},
                    "n": {"type": "categorical", "choices": [1, 2]},
                },
                "limits": {"memory": "1 GiB", "first_failures": 1},
                "optimizer": {"runs": 3, "seeds": 1},
                "study": {"objective": {"penalty": 1e9}},
            }
        )
    )
    done = boxwright("convert", tmp_path, "out.txt")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'out.txt'}\n")
    # The folder of the tests is long, and long values are shown shortened.
    lost = [line.replace(show(str(tmp_path)), "HERE") for line in done.stderr.splitlines()]
    assert lost == [
        "lost: space.x: is drawn uniformly: SMAC v2 has no such distribution",
        'lost: space.n: its values become texts: a PCS file does not tell 1 from "1"',
        "lost: command.exit_code = true becomes false: SMAC v2 has no word for it",
        'lost: command.flags = "--name value" becomes "smac2": SMAC v2 has no word for it',
        'lost: limits.memory = "1 GiB" becomes nothing: SMAC v2 has no word for it',
        'lost: parse.duplicates = "error" becomes "abort": SMAC v2 has no word for it',
        'lost: parse.unread_runtime = "clock" becomes "smac2": SMAC v2 has no word for it',
        'lost: parse.unsat = "invalid" becomes "success": SMAC v2 has no word for it',
        "lost: command.folder = nothing becomes HERE: it is always so with SMAC v2",
        "lost: parse.result_line = nothing becomes true: it is always so with SMAC v2",
    ]


def test_convert_to_toml_names_options_that_are_lost_and_copies_nothing_needed(
    boxwright: RunBoxwright, tmp_path: Path
) -> None:
    file = make_smac2(tmp_path / "s", "rf-num-trees = 5")
    done = boxwright("convert", file, "there.toml")
    assert done.stderr == (
        f"lost: {file}:5: rf-num-trees: no effect: boxwright's own optimizer has no such setting.\n"
    )
    assert 'folder = "s"' in (tmp_path / "there.toml").read_text()
    assert boxwright("check", "there.toml").returncode == 0


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("s/scenario.txt", "x.txt", "x.txt: both are option files of SMAC v2: there is nothing to convert."),
        ("t/scenario.toml", "x.toml", "x.toml: both are TOML: there is nothing to convert."),
        ("s/scenario.txt", "there.toml", "there.toml: exists already. Give another name, or take it away."),
        ("s/scenario.txt", "no/x.toml", "no/x.toml: cannot be written: No such file or directory"),
        ("t/scenario.toml", "x.txt", "design: SMAC v2 has no designs: its scenarios are of an optimizer."),
        ("u/scenario.toml", "x.txt", 'command.argv: "{{ seed }}": SMAC v2 has no templates.'),
        ("nothing", "x.txt", "nothing: there is no such file"),
    ],
)
def test_convert_refuses_what_cannot_be_and_leaves_nothing(
    boxwright: RunBoxwright, tmp_path: Path, source: str, target: str, message: str
) -> None:
    make_smac2(tmp_path / "s")
    space = "[space]\nx = { type = 'int', lower = 0, upper = 1 }\n"
    for name, argv, last in (
        ("t", "true", "[design]\nkind = 'sobol'\nruns = 2\n"),
        ("u", "{{ seed }}", "[optimizer]\nruns = 2\n"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "scenario.toml").write_text(f"[command]\nargv = ['true', '{argv}']\n{space}{last}")
    (tmp_path / "there.toml").touch()
    before = sorted(tmp_path.rglob("*"))
    done = boxwright("convert", source, target)
    assert (done.returncode, done.stderr) == (2, f"boxwright: {message}\n")
    assert sorted(tmp_path.rglob("*")) == before


def test_gallery_scenario_of_smac_v2_comes_back_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = gallery_scenarios()["smac2-scenario"] / "scenario.txt"
    assert [line.partition(": ")[2].partition(":")[0] for line in convert(file, "a.toml")] == ["cutoff_length"]
    assert convert("a.toml", "b.txt") == []
    assert load_scenario(Path("b.txt")).scenario.instances.names == load_scenario(file).scenario.instances.names
