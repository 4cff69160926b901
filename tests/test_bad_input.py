"""What bad input gets: one line that names the place, the value and what would be right; exit 2; nothing left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support import RunBoxwright


def bad(boxwright: RunBoxwright, scenario: Path, *words: str) -> str:
    """Run a scenario that is wrong; return the one line it got."""
    before = sorted(scenario.parent.parent.rglob("*"))
    done = boxwright("run", scenario, "--study", "made", *words)
    assert done.returncode == 2, (done.returncode, done.stderr, done.stdout)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert sorted(scenario.parent.parent.rglob("*")) == before, "something was left behind"
    return lines[0]


def test_unknown_key_names_the_nearest(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    line = bad(boxwright, make_scenario(more="[limits]\ncutof_s = 3\n"))
    assert line.endswith('/scenario.toml: limits.cutof_s: unknown key. Did you mean "cutoff_s"?')


def test_wrong_type(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    line = bad(boxwright, make_scenario(more='[limits]\ncutoff_s = "soon"\n'))
    assert "limits.cutoff_s" in line
    assert '"soon"' in line


@pytest.mark.parametrize(
    ("space", "words"),
    [
        (
            'lr = { type = "float", lower = 0.0, upper = 1.0, log = true }',
            "space.lr: a log scale needs a lower bound above 0, found 0.0. Write 1e-6, or drop log = true.",
        ),
        ('lr = { type = "float", lower = 0.0, upper = 1.0, default = 2.0 }', "space.lr: "),
        ('lr = { type = "float", lower = 1.0, upper = 0.0 }', "space.lr: "),
        (
            'x = { type = "int", lower = 1, upper = 3, when = "depht > 2" }\n'
            'depth = { type = "int", lower = 1, upper = 9 }',
            "depht",
        ),
        (
            'a = { type = "categorical", choices = ["1", "2"], when = "b == 1" }\n'
            'b = { type = "categorical", choices = ["1", "2"], when = "a == 1" }',
            "circle: a needs b needs a",
        ),
        ('x = { type = "categorical", choices = [] }', "space.x"),
        ('"a\\nb" = { type = "int", lower = 1, upper = 3 }', "a\\nb"),
        ('file = "nowhere.pcs"', "nowhere.pcs"),
    ],
)
def test_space_that_cannot_be(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, space: str, words: str
) -> None:
    assert words in bad(boxwright, make_scenario(space=space))


def test_pcs_error_names_the_line(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    scenario = make_scenario(space='file = "p.pcs"')
    (scenario.parent / "p.pcs").write_text("lr real [0, 1] [0.5]\nb integer [1, 3] [2]\nb | act in {relu}\n")
    line = bad(boxwright, scenario)
    assert 'p.pcs:3: "b | act in {relu}": no parameter "act". Known: b, lr.' in line


def test_template_name_without_value_names_file_and_line(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    scenario = make_scenario(more='[inputs]\ntemplates = [{ source = "t.j2" }]\n')
    (scenario.parent / "t.j2").write_text("first\n{{ momentum }}\n")
    assert 't.j2:2: no value for "momentum". Known: ' in bad(boxwright, scenario)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x,nb filters\n1,2\n", 'design.csv:1: no parameter "nb filters"'),
        ("xx\n0.5\n", 'Did you mean "x"?'),
        ("x\n0.5\n0.25,7\n", "design.csv:3"),
        ("", "design.csv"),
        ("x\n", "design.csv"),
        ("x\nmany\n", "design.csv:2"),
        ("x\n1.5\n", "design.csv:2"),
    ],
)
def test_csv_that_is_no_design(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, text: str, words: str
) -> None:
    scenario = make_scenario(design='[design]\nkind = "csv"\nfile = "design.csv"\n')
    (scenario.parent / "design.csv").write_text(text)
    assert words in bad(boxwright, scenario)


def test_command_that_does_not_exist(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    line = bad(boxwright, make_scenario(), "--set", 'command.argv=["no-such-program"]')
    assert "command.argv" in line
    assert "no-such-program" in line


def test_more_gpus_than_there_are(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    line = bad(boxwright, make_scenario(), "--set", "slots.gpus=4", "--set", 'slots.gpu_ids=["0", "1"]')
    assert "slots.gpus = 4" in line
    assert "0, 1" in line


def test_not_toml_names_the_line(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    scenario = make_scenario()
    scenario.write_text("[study]\nname = \n")
    assert "/scenario.toml:2: " in bad(boxwright, scenario)


def test_bytes_that_are_no_utf8(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    scenario = make_scenario()
    scenario.write_bytes(b"[study]\nname = '\xff\xfe'\n")
    bad(boxwright, scenario)


@pytest.mark.parametrize(
    "setting", ["nothing", "limits=3", "optimizer.runs=3", "study.nam=x", "design.runs=0", "=", "a..b=1"]
)
def test_set_that_does_not_fit(make_scenario: Callable[..., Path], boxwright: RunBoxwright, setting: str) -> None:
    bad(boxwright, make_scenario(), "--set", setting)


@pytest.mark.parametrize("words", [["--slots", "none"], ["--seeds", "0"], ["--sluts", "1"], ["--runs", "1.5"]])
def test_options_that_cannot_be(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, words: list[str]
) -> None:
    bad(boxwright, make_scenario(), *words)


def test_seeds_of_a_design_are_refused(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    assert "optimizer" in bad(boxwright, make_scenario(), "--seeds", "2")


def test_number_of_seeds_that_would_replace_listed_kinds_is_refused(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    kinds = '[optimizer]\nruns = 1\nseeds = [{ model = "gp", count = 2 }, { model = "random" }]\n'
    scenario = make_scenario(design=kinds)
    refusal = (
        "--seeds: 4 would replace the kinds that optimizer.seeds lists (gp, random). Leave it out and give each a"
        " count there, or replace them with --set optimizer.seeds=4."
    )
    assert bad(boxwright, scenario, "--seeds", "4") == f"boxwright: {refusal}"
    assert boxwright("run", scenario, "--study", "made").returncode == 0
    done = boxwright("resume", "made", "--seeds", "4", "--runs", "2")
    assert (done.returncode, done.stderr) == (2, f"boxwright: {refusal}\n")
    done = boxwright("resume", "made", "--set", "optimizer.seeds=4", "--runs", "2")
    assert done.returncode == 0, done.stderr


def test_folder_where_nothing_can_be_made(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    done = boxwright("run", make_scenario(), "--study", "/proc/boxwright/deep")
    assert done.returncode == 2, done.stderr
    assert "/proc/boxwright/deep: cannot be made: " in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_empty_names_of_folders_are_refused(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = make_scenario()
    before = sorted(tmp_path.rglob("*"))
    for words in (("run", scenario, "--study", ""), ("init", "branin", ""), ("init", "branin", " ")):
        done = boxwright(*words)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert "the name is empty." in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["with blank", 'q"uote', "new\nline", "ünï-cødé-名前", "$(touch pwned)", "a'b;c"])
def test_names_with_odd_characters_are_carried_through(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path, name: str
) -> None:
    scenario = make_scenario(name=name)
    study = tmp_path / f"study {name}"
    done = boxwright("run", scenario, "--study", study)
    assert done.returncode == 0, done.stderr
    assert boxwright("resume", study).returncode == 0
    assert (study / "runs/000/000004/exit.json").is_file()
    assert not list(tmp_path.rglob("pwned"))


def test_optimizer_on_a_space_of_which_next_to_everything_is_forbidden(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    names = [f"p{number}" for number in range(20)]
    space = "".join(f'{name} = {{ type = "int", lower = 0, upper = 1 }}\n' for name in names)
    scenario = make_scenario(
        space=f'{space}forbidden = ["{{{" + ".join(names)} > 1}}"]\n', design="[optimizer]\nruns = 30\nseeds = 1\n"
    )
    assert "space: 10000 points drawn in a row are forbidden. Loosen" in bad(boxwright, scenario)
    assert boxwright("check", scenario).returncode == 2


def test_folder_that_is_not_there(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    scenario = make_scenario()
    scenario.write_text('folder = "/nonexistent"\n' + scenario.read_text().replace("./run.sh", "true"))
    assert bad(boxwright, scenario).endswith('scenario.toml: folder: there is no folder "/nonexistent".')
