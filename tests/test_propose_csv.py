"""The design of a CSV file."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxwright.errors import UserError
from boxwright.propose.designs import design_size, make_design
from boxwright.scenario.designs import CsvDesign
from boxwright.terms import Config
from propose_support import make_space

SPACE = """
nb_filters = { type = "int", lower = 4, upper = 256, default = 32 }
dropout = { type = "float", lower = 0, upper = 1, default = 0.5 }
act = { type = "categorical", choices = ["relu", "größer", "a b"], default = "relu" }
slope = { type = "float", lower = 0, upper = 1, default = 0.1, when = "act == relu" }
forbidden = ["{nb_filters=13}"]
"""


def rows(folder: Path, content: str | bytes) -> list[Config]:
    data = content.encode() if isinstance(content, str) else content
    (folder / "design.csv").write_bytes(data)
    return list(make_design(CsvDesign(file="design.csv"), make_space(SPACE), folder=folder))


def refusal(folder: Path, content: str | bytes) -> str:
    with pytest.raises(UserError) as caught:
        rows(folder, content)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_csv_row_takes_the_default_of_a_parameter_without_a_column(tmp_path: Path) -> None:
    assert rows(tmp_path, "nb_filters\n8\n256\n") == [
        {"nb_filters": 8, "dropout": 0.5, "act": "relu", "slope": 0.1},
        {"nb_filters": 256, "dropout": 0.5, "act": "relu", "slope": 0.1},
    ]


def test_csv_cells_are_typed_by_their_parameters(tmp_path: Path) -> None:
    (config,) = rows(tmp_path, "dropout,nb_filters,act\n1,8.0,größer\n")
    assert config == {"nb_filters": 8, "dropout": 1.0, "act": "größer"}
    assert [type(config["nb_filters"]), type(config["dropout"])] == [int, float]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_read_with_any_usual_delimiter_and_line_end(tmp_path: Path, delimiter: str, end: str) -> None:
    text = f"\ufeff nb_filters {delimiter}dropout{end} 8 {delimiter} 0.25{end}{end}9{delimiter}0{end}"
    assert [(c["nb_filters"], c["dropout"]) for c in rows(tmp_path, text)] == [(8, 0.25), (9, 0.0)]


def test_csv_cells_may_be_quoted(tmp_path: Path) -> None:
    (config,) = rows(tmp_path, '"nb_filters","act"\n"8","a b"\n')
    assert (config["nb_filters"], config["act"]) == (8, "a b")


def test_csv_cell_of_an_inactive_parameter_may_be_empty(tmp_path: Path) -> None:
    first, second = rows(tmp_path, "act,slope\nrelu,0.7\na b,\n")
    assert first["slope"] == 0.7
    assert "slope" not in second


def test_csv_design_stops_at_the_number_of_runs_asked_for(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("nb_filters\n4\n5\n6\n")
    space = make_space(SPACE)
    settings = CsvDesign(file="d.csv", runs=2)
    assert [c["nb_filters"] for c in make_design(settings, space, folder=tmp_path)] == [4, 5]
    assert [c["nb_filters"] for c in make_design(settings, space, folder=tmp_path, stages=[2, 9])] == [4, 5, 6]
    assert design_size(settings, space, tmp_path) == 2
    assert design_size(CsvDesign(file="d.csv"), space, tmp_path) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "design.csv: the file is empty. Its first line names parameters."),
        ("\n\n", "design.csv: the file is empty. Its first line names parameters."),
        ("nb_filters\n", "design.csv:1: there is a header but no row below it."),
        ("nb filters\n8\n", 'design.csv:1: no parameter "nb filters". Did you mean "nb_filters"?'),
        ("act,act\nrelu,relu\n", 'design.csv:1: two columns are named "act". Drop one of them.'),
        ("act,\nrelu,\n", "design.csv:1: column 2 has no name. Name a parameter, or drop the column."),
        ("act,nb_filters\nrelu,8\nrelu\n", "design.csv:3: 1 cell, but the header has 2 columns."),
        ("act,nb_filters\nrelu,8,9\n", "design.csv:2: 3 cells, but the header has 2 columns."),
        (
            "act,nb_filters\nrelu,\n",
            "design.csv:2: the cell of nb_filters is empty. Write a value, or drop the column.",
        ),
        (b"act\nrelu\n\xff\n", "design.csv:3: byte 0xff is no UTF-8 text. Save the file as UTF-8."),
        ('act\n"relu\n', "design.csv:2: this is no CSV: unexpected end of data."),
    ],
)
def test_csv_is_refused_in_one_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    assert refusal(tmp_path, content) == message


@pytest.mark.parametrize(
    ("content", "start", "shown"),
    [
        ("nb_filters\n8\n3\n", "design.csv:3: ", '"3"'),
        ("nb_filters\n8\nmany\n", "design.csv:3: ", '"many"'),
        ("nb_filters\n8\nnan\n", "design.csv:3: ", '"nan"'),
        ("act\n'x\ny'\n", "design.csv:2: ", "'x"),
        ('act,nb_filters\n"a\nb",8\n', "design.csv:2: ", "act"),
        ("nb_filters\n13\n", "design.csv:2: ", "13"),
        ("nb_filters\n\x00\n", "design.csv:2: ", ""),
        ("act\n" + "x" * 200_000 + "\n", "design.csv:2: ", ""),
    ],
)
def test_csv_cell_that_its_parameter_cannot_take_is_refused_with_its_line(
    tmp_path: Path, content: str, start: str, shown: str
) -> None:
    message = refusal(tmp_path, content)
    assert message.startswith(start)
    assert shown in message


def test_csv_is_checked_to_its_last_row_before_the_first_is_handed_out(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("nb_filters\n" + "8\n" * 500 + "0\n")
    with pytest.raises(UserError, match=r"d\.csv:502: "):
        make_design(CsvDesign(file="d.csv"), make_space(SPACE), folder=tmp_path)


@pytest.mark.parametrize("file", ["absent.csv", ".", "a\0b", "x" * 300])
def test_csv_file_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path, file: str) -> None:
    with pytest.raises(UserError) as caught:
        make_design(CsvDesign(file=file), make_space(SPACE), folder=tmp_path)
    assert str(caught.value).startswith('design: file = "')
    assert str(caught.value).isprintable()
