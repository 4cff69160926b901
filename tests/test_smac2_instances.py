"""Instance and feature files as SMAC v2 has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxwright.errors import ScenarioError
from boxwright.scenario import load_scenario
from boxwright.scenario.instances import InstanceRow, read_features, read_instances
from smac2_support import make_smac2


def rows(tmp_path: Path, text: str) -> list[tuple[str, str | None, int | None]]:
    (tmp_path / "i.txt").write_text(text)
    return [(row.name, row.specific, row.seed) for row in read_instances(tmp_path / "i.txt", "i.txt")]


def complaint(tmp_path: Path, text: str | bytes, *, features: bool = False) -> str:
    (tmp_path / "i.txt").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ScenarioError) as caught:
        (read_features if features else read_instances)(tmp_path / "i.txt", "i.txt")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a\nb\n", [("a", None, None), ("b", None, None)]),
        ("a", [("a", None, None)]),
        ("3,a\n4,a\n", [("a", None, 3), ("a", None, 4)]),
        ("a,SAT\nb,UNSAT\n", [("a", "SAT", None), ("b", "UNSAT", None)]),
        ("a,7\nb,8\n", [("a", "7", None), ("b", "8", None)]),
        ("3,a,SAT\n4,a,SAT\n", [("a", "SAT", 3), ("a", "SAT", 4)]),
        ("3 a\n4 b\n", [("a", None, 3), ("b", None, 4)]),
        ("a x\nb y\n", [("a", "x", None), ("b", "y", None)]),
        ("3 a x\n", [("a", "x", 3)]),
        ('"a b","x, y"\n', [("a b", "x, y", None)]),
        ('"a ""b"""\n', [('a "b"', None, None)]),
        ('3,"a"\n', [("a", None, 3)]),
        ("a\n\n  b  \r\na\n", [("a", None, None), ("b", None, None)]),
        ("\ufeffa\n", [("a", None, None)]),
    ],
)
def test_instance_file_is_read_as_smac_v2_reads_it(
    tmp_path: Path, text: str, wanted: list[tuple[str, str | None, int | None]]
) -> None:
    assert rows(tmp_path, text) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "i.txt: holds no instance. Write one in a line: name; name,specific; seed,name; or seed,name,specific."),
        ("a\nb,c\n", "i.txt:2: 2 cells, but the first line has 1."),
        ("a b c d\n", "i.txt:1: 4 cells, expected name; name,specific; seed,name; or seed,name,specific."),
        ("3,a\nx,b\n", 'i.txt:2: "x" is no seed: a whole number from 1 to 2147483647.'),
        ("3,a\n0,b\n", 'i.txt:2: "0" is no seed: a whole number from 1 to 2147483647.'),
        ("3,\n", "i.txt:1: the name of the instance is empty. Write name; "),
        ("3,a,x\n4,a,y\n", 'i.txt:2: "a" has the specific text "y" here and "x" in line 1. '),
        ('"a\n', "i.txt:1: no row of CSV: unexpected end of data"),
        ("a\0b\n", "i.txt:1: holds a NUL character"),
        (b"a\n\xff\n", "i.txt:2: byte 0xff is no UTF-8. Save the file as UTF-8."),
    ],
)
def test_wrong_instance_file_is_refused_with_its_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert complaint(tmp_path, text).startswith(message)


def test_features_are_numbers_by_instance_and_two_of_them_stand_for_missing(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text('instance,size,"mean, log"\n"a b",3,-512\nc,1e-3,-1024\n')
    assert read_features(tmp_path / "f.csv", "f.csv") == {"a b": (3.0, None), "c": (0.001, None)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "i.txt: is empty. Its first line names the features."),
        ("a,1,2\n", 'i.txt:1: the name of a feature "1" is a number. The first line names them.'),
        ("i,f,f\n", 'i.txt:1: the name of a feature "f" stands twice. The first line names them.'),
        ("i,f\na,1,2\n", "i.txt:2: 3 cells, but the first line has 2."),
        ("i,f\na,x\n", 'i.txt:2: "x" is no number.'),
        ("i,f\na,nan\n", 'i.txt:2: "nan" is no number.'),
        ("i,f\na,1\na,2\n", 'i.txt:3: the instance "a" stands twice. Remove one.'),
    ],
)
def test_wrong_feature_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert complaint(tmp_path, text, features=True) == message


def test_features_must_be_there_for_every_instance(tmp_path: Path) -> None:
    file = make_smac2(tmp_path / "s", "instances = instances.txt", "feature-file = f.csv", instances="a\nb\n")
    (file.parent / "f.csv").write_text("instance,size\na,1\n")
    with pytest.raises(ScenarioError, match=r'f\.csv: has no row for the instance "b"\.'):
        load_scenario(file)


def test_seeds_of_instances_count_only_where_the_command_has_a_use_for_them(tmp_path: Path) -> None:
    lines = ("instances = instances.txt", "deterministic = {}")
    texts = {
        value: load_scenario(
            make_smac2(tmp_path / value, *(line.format(value) for line in lines), instances="3,a\n4,a\n5,b\n")
        ).scenario
        for value in ("0", "1")
    }
    assert texts["0"].instances.rows == (("a", 3), ("a", 4), ("b", 5))
    assert texts["0"].optimizer is not None
    assert texts["0"].optimizer.max_config_calls == 1
    assert texts["1"].instances.rows == (("a", None), ("b", None))


def test_specific_text_of_nought_is_none(tmp_path: Path) -> None:
    file = make_smac2(tmp_path / "s", "instances = instances.txt", instances="a,0\nb,SAT\n")
    assert load_scenario(file).scenario.instances.specific == {"b": "SAT"}


def test_rows_compare_by_what_they_say() -> None:
    assert InstanceRow("a") == InstanceRow("a", None, None)
