"""What bad scenario files get: one line with the place, the value found, and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.errors import ScenarioError
from boxwright.scenario import load_scenario

GOOD = """
[command]
argv = ["true"]
[space]
x = { type = "float", lower = 0, upper = 1 }
[design]
kind = "monte-carlo"
runs = 3
"""


def complaint(folder: Path, text: str | bytes) -> str:
    (folder / "scenario.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{folder}/scenario.toml")


def test_good_scenario_is_taken(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(GOOD)
    assert load_scenario(tmp_path).scenario.command.argv == ("true",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("runs = 3", "rusn = 3", ': design.rusn: unknown key. Did you mean "runs"?'),
        ("runs = 3", "", ': design: the key "runs" is missing. It takes a whole number of at least 1.'),
        ("runs = 3", "runs = 0", ": design.runs: found the number 0, expected a whole number of at least 1"),
        (
            "runs = 3",
            "runs = 3\n[slots]\ncount = 1000000000",
            ": slots.count: found the number 1000000000, expected a whole number of at least 1 and of at most 4096",
        ),
        (
            "runs = 3",
            f"runs = 3\n[study]\nseed = {2**63}",
            f": study.seed: found the number {2**63}, expected a whole number of at least -9223372036854775808",
        ),
        (
            'kind = "monte-carlo"\nruns = 3',
            'kind = "latin-hypercube"\nruns = 1000000000000',
            ": design.runs: found the number 1000000000000, expected a whole number of at least 1 and ",
        ),
        (
            'kind = "monte-carlo"\nruns = 3',
            'kind = "grid"\nlevels = 100000000',
            ": design.levels: found the number 100000000, expected a whole number of at least 1 and",
        ),
        (
            '[design]\nkind = "monte-carlo"\nruns = 3',
            "[optimizer]\nruns = 3\nchallengers = 100000000",
            ": optimizer.challengers: found the number 100000000, expected a whole number of at least 1 and",
        ),
        ("runs = 3", "runs = 3\n[slots]\ngpus = 1\nper_gpu = 10000", ": slots.per_gpu: found the number 10000, "),
        ("runs = 3", f"runs = {'7' * 5000}", ":8: a whole number of thousands of digits. Write a smaller one."),
        ("runs = 3", f"runs = 0x{'f' * 5000}", ": design.runs: a whole number of thousands of digits."),
        ("runs = 3", f"runs = 3\n{'.'.join('a' * 3000)} = 1", ": tables are nested more than 50 deep."),
        (
            "runs = 3",
            'runs = 3\n[study]\nobjective = { metric = "" }',
            ': study.objective.metric: "" cannot name a metric: ',
        ),
        (
            "runs = 3",
            'runs = 3\n[study]\nobjective = { metric = "a\\nb" }',
            ': study.objective.metric: "a\\nb" cannot name a metric: 1 to 200 printable characters on one line',
        ),
        ("runs = 3", 'runs = 3\n[study]\nmetrics = ["a", "\\t"]', ': study.metrics[1]: "\\t" cannot name a metric: '),
        ("runs = 3", "runs = 3\n[parse]\nregex = { '' = '(a)' }", ': parse.regex."": "" cannot name a metric: '),
        ("runs = 3", "runs = true", ": design.runs: found true, expected a whole number of at least 1"),
        (
            "runs = 3",
            "runs = 2020-01-01",
            ': design.runs: found the date "2020-01-01", expected a whole number of at',
        ),
        ("monte-carlo", "montecarlo", ': design.kind: "montecarlo" is not known here. Did you mean "monte-carlo"?'),
        ('"float"', '"integer"', ': space.x.type: "integer" is not known here. Did you mean "int"?'),
        ("lower = 0", 'lower = "a"', ': space.x.lower: found the text "a", expected a number'),
        ("lower = 0", "lower = [0]", ": space.x.lower: found the array [0], expected a number"),
        (
            '{ type = "float", lower = 0, upper = 1 }',
            "{ lower = 0 }",
            ': space.x: the key "type" is missing. Known: int',
        ),
        (
            '{ type = "float", lower = 0, upper = 1 }',
            "7",
            ': space.x: found the number 7, expected a table such as { type = "constant", value = 7 }',
        ),
        (
            '{ type = "float", lower = 0, upper = 1 }',
            '"a"',
            ': space.x: found the text "a", expected a table such as',
        ),
        ('{ type = "float", lower = 0, upper = 1 }', '["a"]', ": space.x: found an array, expected a table such as"),
        ("upper = 1", "upper = nan", ": space.x.upper: nan is not finite. Write an ordinary number."),
        ('[command]\nargv = ["true"]', "command = 3", ": command: found the number 3, expected a table"),
        ("[design]", "[designs]", ': designs: unknown key. Did you mean "design"?'),
        ('argv = ["true"]', 'argv = "true"', ': command.argv: found the text "true", expected an array, each a text'),
        (
            'argv = ["true"]',
            'argv = "./run.sh a"',
            ': command.argv: found the text "./run.sh a", expected an array, each a text. Write ["./run.sh", "a"].',
        ),
        ('argv = ["true"]', "argv = [1]", ": command.argv[0]: found the number 1, expected a text"),
        ('argv = ["true"]', "argv = []", ": command: found neither argv nor line. Write exactly one of them."),
        ('argv = ["true"]', 'argv = ["a"]\nline = "a"', ": command: found both argv and line."),
        ('argv = ["true"]', 'argv = ["a"]\nshell = true', ": command.shell: true goes with command.line only"),
        ('argv = ["true"]', 'argv = [""]', ": command.argv[0]: the program is empty."),
        ('argv = ["true"]', 'line = " "', ": command.line: the line is empty."),
        ('argv = ["true"]', 'argv = ["a\\u0000"]', ": command.argv[0]: a text cannot hold a NUL character"),
        (
            'argv = ["true"]',
            'argv = ["a"]\nflags = "--nam value"',
            ': command.flags: "--nam value" is not known here. Did',
        ),
        ('argv = ["true"]', 'argv = ["a"', ":4: no valid TOML: Unclosed array"),
    ],
)
def test_fault_is_told_with_its_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert complaint(tmp_path, GOOD.replace(old, new)).startswith(message)


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("[0, 1]", 'found the array [0, 1], expected a table such as { type = "int", lower = 0, upper = 1 }'),
        ("[0.5, 1]", 'found the array [0.5, 1], expected a table such as { type = "float", lower = 0.5, upper = 1 }'),
        ("[1, 2, 4]", 'found the array [1, 2, 4], expected a table such as { type = "categorical", choices = [1, 2,'),
        ('["a", "b"]', 'found an array, expected a table such as { type = "categorical", choices = ["a", "b"] }'),
        ("true", 'found true, expected a table such as { type = "constant", value = true }'),
        ('"relu"', 'found the text "relu", expected a table such as { type = "constant", value = "relu" }'),
        ('"p.pcs"', 'found the text "p.pcs", expected a table such as { type = "float", lower = 0.0, upper = 1.0 }'),
        ("[]", 'found an array, expected a table such as { type = "float", lower = 0.0, upper = 1.0 }'),
        ("[[1]]", 'found the array [[1]], expected a table such as { type = "float", lower = 0.0, upper = 1.0 }'),
    ],
)
def test_parameter_in_a_shorter_form_is_told_the_right_one(tmp_path: Path, parameter: str, message: str) -> None:
    text = GOOD.replace('{ type = "float", lower = 0, upper = 1 }', parameter)
    assert complaint(tmp_path, text).startswith(f": space.x: {message}")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('[space.y]\ntype = "categorical"\nvalues = [1]', ': space.y.values: unknown key. Did you mean "choices"?'),
        ('[space.y]\ntype = "ordinal"\nvalues = [1]', ': space.y.values: unknown key. Did you mean "sequence"?'),
        ('[space.y]\ntype = "int"\nmin = 1', ': space.y.min: unknown key. Did you mean "lower"?'),
        ("[limits]\ntimeout = 3", ': limits.timeout: unknown key. Did you mean "cutoff_s"?'),
        ("[env]\nA = 3", ': env: unknown key. Did you mean "environment"?'),
        ("[slots]\nworkers = 3", ': slots.workers: unknown key. Did you mean "count"?'),
        ('[inputs]\nfiles = ["data.txt"]', ': inputs.files[0]: found the text "data.txt", expected a table. Write '
        '{ source = "data.txt" }.'),
        ('[inputs]\nparameters = ["p.json"]', ': inputs.parameters[0]: found the text "p.json", expected a table. '
        'Write { target = "p.json" }.'),
        ('[study]\nobjective = "loss"', ': study.objective: found the text "loss", expected a table. Write '
        '{ metric = "loss" }.'),
        ('[outputs]\ncollect = "*.h5"', ': outputs.collect: found the text "*.h5", expected an array, each a text. '
        'Write ["*.h5"].'),
    ],
)  # fmt: skip
def test_other_names_and_shorter_forms_are_told_the_right_one(tmp_path: Path, more: str, message: str) -> None:
    assert complaint(tmp_path, GOOD + more).startswith(message)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("[optimizer]\nruns = 3", ": found both [design] and [optimizer]. Write exactly one of them"),
        ('[study]\nname = "a/b"', ': study.name: "a/b" cannot name a folder.'),
        ('[study]\nname = ".."', ': study.name: ".." cannot name a folder.'),
        ('[study]\nname = "a\\nb"', ': study.name: "a\\nb" cannot name a folder.'),
        (
            '[study.objective]\ndirection = "minimise"',
            ': study.objective.direction: "minimise" is not known here. Did',
        ),
        ('[limits]\nmemory = "4 Gb B"', ': limits.memory: "4 Gb B" is no size.'),
        ("[limits]\ncutoff_s = 0", ": limits.cutoff_s: found the number 0, expected a number above 0"),
        ("[slots]\ngpu_ids = [1.5]", ": slots.gpu_ids[0]: found the number 1.5, expected a text or a whole number"),
        ("[environment.set]\nA = 3", ": environment.set.A: found the number 3, expected a text"),
        ('[environment.set]\n"A=B" = "3"', ': environment.set."A=B": "A=B" cannot name a variable'),
        ('[outputs]\ncollect = ["/x"]', ': outputs.collect[0]: "/x" is no pattern inside the run folder.'),
        ('[outputs]\nrequire = ["../x"]', ': outputs.require[0]: "../x" is no pattern inside the run folder.'),
        ('[outputs]\ndiscard = ["a**"]', ': outputs.discard[0]: "a**": "**" must stand alone between slashes'),
        ("[postprocess]\nargv = []", ": postprocess.argv: the program is missing."),
        (
            '[space.y]\ntype = "categorical"\nchoices = [[1]]',
            ": space.y.choices[0]: found the array [1], expected true or",
        ),
        ('[[inputs.files]]\nsource = "nope"', ': inputs.files[0].source: there is no file "nope"'),
        ('[[inputs.files]]\nsource = ""', ": inputs.files[0].source: the path is empty."),
        (
            '[[inputs.files]]\nsource = "."\nmode = "archive"',
            ': inputs.files[0].source: "." is a folder, expected a file',
        ),
        (f'[[inputs.files]]\nsource = "{"x" * 300}"', ": inputs.files[0].source: "),
        ('[[inputs.templates]]\nsource = "."', ': inputs.templates[0].source: "." is a folder, expected a file'),
        ('[[inputs.parameters]]\ntarget = "p.ini"', ': inputs.parameters[0].target: "p.ini" has no known ending.'),
    ],
)
def test_fault_in_a_further_section_is_told_with_its_key(tmp_path: Path, more: str, message: str) -> None:
    assert complaint(tmp_path, GOOD + more).startswith(message)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("../x", '"../x" is no path inside the run folder.'),
        ("/etc/x", '"/etc/x" is no path inside the run folder.'),
        (" ", '" " is no path inside the run folder.'),
        (".", '"." is the run folder itself.'),
        ("exit.json", '"exit.json" is a name that boxwright writes itself'),
        ("run.json/x", '"run.json/x" is a name that boxwright writes itself'),
        ("a.json/x", '"a.json/x" clashes with "a.json" of inputs.files[0].'),
    ],
)
def test_target_that_is_not_free_is_refused(tmp_path: Path, target: str, message: str) -> None:
    (tmp_path / "a.json").touch()
    more = f'[[inputs.files]]\nsource = "a.json"\n[[inputs.templates]]\nsource = "a.json"\ntarget = "{target}"\n'
    assert complaint(tmp_path, GOOD + more).startswith(": inputs.templates[0].target: " + message)


@pytest.mark.parametrize(
    ("parse", "message"),
    [
        (
            "regex = { quality = 'a' }",
            ': parse.regex.quality: metric "quality": found 0 groups, expected exactly one.',
        ),
        ("regex = { quality = '(a)(b)' }", ': parse.regex.quality: metric "quality": found 2 groups'),
        ("regex = { quality = '(' }", ": parse.regex.quality: no valid regular expression: missing ), unterminated"),
        ("regex = { acc = '(a)' }", ': parse: nothing gives the objective "quality": parse.regex gives acc.'),
        ("result_line = false", ': parse: nothing gives the objective "quality": no source is named.'),
        (
            "result_line = true\nregex = { quality = '(a)' }",
            ': parse.regex.quality: the objective "quality" would come',
        ),
        ('json = "../x.json"', ': parse.json: "../x.json" is no path inside the run folder.'),
    ],
)
def test_objective_must_come_from_one_source(tmp_path: Path, parse: str, message: str) -> None:
    assert complaint(tmp_path, f"{GOOD}[parse]\n{parse}\n").startswith(message)


def test_file_that_is_no_text_is_refused_with_the_line(tmp_path: Path) -> None:
    assert complaint(tmp_path, b"\n\na = '\xff'\n") == ":3: byte 0xff is no UTF-8. Save the file as UTF-8."


def test_file_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    assert "nested too deeply" in complaint(tmp_path, "a = " + "[" * 100_000)


def test_missing_file_and_folder_without_scenario_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"^nowhere\.toml: there is no such file$"):
        load_scenario(Path("nowhere.toml"))
    with pytest.raises(ScenarioError, match=r"the folder holds no scenario\.toml or scenario\.txt$"):
        load_scenario(tmp_path)


def test_seed_of_a_noisy_study_leaves_room_for_repeats(make_scenario: Callable[..., Path]) -> None:
    optimizer = "[optimizer]\nruns = 9\n"
    path = make_scenario(design=optimizer, more=f"[study]\nnoisy = true\nseed = {2**63 - 2}\n")
    with pytest.raises(ScenarioError, match=r"study\.seed: 9223372036854775806 leaves no numbers for 2 repeats"):
        load_scenario(path)
    load_scenario(path, ["optimizer.max_config_calls=2"])
    load_scenario(path, ["study.noisy=false"])
