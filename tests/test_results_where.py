"""``results --where``: one comparison per option, and nothing else gets through."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

import boxwright as library
from boxwright.errors import UserError
from support import RunBoxwright

SCRIPT = """
test "$BOXWRIGHT_TRIAL" = 3 && exit 7
echo "Result of algorithm run: SUCCESS, 0.25, 1, $BOXWRIGHT_TRIAL.5, 0"
"""
SPACE = """
x1 = { type = "float", lower = -5, upper = 10 }
name = { type = "categorical", choices = ["a b", "c,d", "e"] }
seed = { type = "int", lower = 100, upper = 200 }
"""


@pytest.fixture
def study(make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path) -> Path:
    """A study of four runs of which the third has crashed."""
    folder = tmp_path / "study"
    assert boxwright("run", make_scenario(SCRIPT, space=SPACE), "--study", folder).returncode == 1
    return folder


def numbers(study: Path, *where: str) -> list[int]:
    return [record.run for record in library.results(study, where=where)]


def test_where_takes_every_operator_quotes_and_any_case_of_a_status(study: Path) -> None:
    assert numbers(study, "quality<2.5") == [1]
    assert numbers(study, "quality <= 2.5") == [1, 2]
    assert numbers(study, "quality>2.5") == [4]
    assert numbers(study, "quality>='2.5'", "run!=4") == [2]
    assert numbers(study, "quality == 25e-1") == [2]
    assert numbers(study, "status=crashed") == [3]
    assert numbers(study, "status!=CRASHED", "x1>=-5", "x1 < 10.5") == [1, 2, 4]
    assert numbers(study, 'reason=""') == [1, 2, 4]
    assert numbers(study, "settles=true") == [1, 2, 3, 4]


def test_where_compares_a_text_with_a_quoted_value_of_any_kind(study: Path) -> None:
    records = library.results(study)
    for text in ("a b", "c,d", "e"):
        wanted = [record.run for record in records if record.config["name"] == text]
        assert numbers(study, f'name="{text}"') == wanted
        assert numbers(study, f"name = '{text}'") == wanted


def test_where_speaks_of_the_columns_that_the_table_shows(study: Path, boxwright: RunBoxwright) -> None:
    header = boxwright("results", study).stdout.splitlines()[0].split()
    assert header == ["run", "x1", "name", "config.seed", "quality", "status", "time"]
    assert numbers(study, "config.seed>=100") == [1, 2, 3, 4]
    assert numbers(study, "seed<100") == [1, 2, 3, 4]
    assert numbers(study, "time<600") == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("quality<<100", '--where: quality is a number, found "<100".'),
        ("quality=<3", '--where: quality is a number, found "<3".'),
        ("quality<abc", '--where: quality is a number, found "abc".'),
        ("quality<nan", '--where: quality is a number, found "nan".'),
        ("quality<1_0", '--where: quality is a number, found "1_0".'),
        ("quality<", '--where: no value after "quality<".'),
        ("quality~1", '"quality~1" is no condition. Write NAME OPERATOR VALUE; operators: = == != < <= > >='),
        ("quality<2,x1<-2.7", '"2,x1<-2.7" is not one value. One condition to a --where: give --where several times'),
        ("quality<10 && x1<-2.6", "give --where several times"),
        ("quality<10 and x1<-2.6", "give --where several times"),
        ("status=='SUCCESS' and x1<0", "give --where several times"),
        ("status='SUCCESS", "is not one value."),
        ("status=done", '--where: no status "done". Statuses: RUNNING, SUCCESS, UNSAT, TIMEOUT, '),
        ("status=timout", 'Did you mean "TIMEOUT"? Statuses: RUNNING, '),
        ("status<SUCCESS", '--where: status is a status, so "<" says nothing. Use = or !=.'),
        ("name<e", '--where: name is a text, so "<" says nothing. Use = or !=.'),
        ("name=a b", "Put a value with blanks"),
        ("settles=1", '--where: settles is true or false, found "1".'),
        ("qualty<1", '--where: no parameter, metric or field "qualty". Did you mean "quality"?'),
        ("zzz<1", "Known: x1, name, seed, quality, status, run, trial,"),
    ],
)
def test_where_refuses_what_is_not_one_comparison(study: Path, text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        library.results(study, where=[text])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_results_say_that_no_run_matches(study: Path, boxwright: RunBoxwright) -> None:
    table = boxwright("results", study, "--where", "quality>100")
    assert (table.returncode, table.stdout, table.stderr) == (0, "", "no run of 4 matches\n")
    as_json = boxwright("results", study, "--where", "quality>100", "--json")
    assert (json.loads(as_json.stdout), as_json.stderr) == ([], "no run of 4 matches\n")
    as_csv = boxwright("results", study, "--where", "quality>100", "--csv")
    rows = list(csv.reader(io.StringIO(as_csv.stdout)))
    with (study / "results.csv").open(newline="") as file:
        assert rows == [next(csv.reader(file))]
    assert as_csv.stderr == "no run of 4 matches\n"


def test_results_help_says_the_grammar_of_where(boxwright: RunBoxwright) -> None:
    text = " ".join(boxwright("results", "--help").stdout.split())
    assert "NAME OPERATOR VALUE" in text
    assert "== != < <= > >=" in text
    assert "May be repeated: all must hold" in text
