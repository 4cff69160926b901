"""The words of a command: cut before they are rendered, quoted for a shell where there is one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.errors import ScenarioError, TemplateError
from boxwright.materialise.commandline import CommandLine
from boxwright.materialise.flags import flag_words
from boxwright.scenario.model import Command
from boxwright.terms import Trial

NASTY = "a b'\"$(echo hi)`id`;\n\\ é #"


def argv(command: Command, cutoff_s: float | None = None, **config: bool | int | float | str) -> tuple[str, ...]:
    line = CommandLine(command, [], cutoff_s, Path("/scenario"), "s.toml")
    return line.render(Trial(1, config), config, "/usr/bin:/bin")


def test_line_is_cut_before_it_is_rendered() -> None:
    found = argv(Command(line="env {{ x }} 'a {{ x }}' --y={{ x|upper }} \"b c\""), x="1 2'")
    assert found[1:] == ("1 2'", "a 1 2'", "--y=1 2'", "b c")


def test_word_with_a_condition_vanishes_when_it_is_empty() -> None:
    command = Command(line="env {% if x is defined %}--x={{ x }}{% endif %} {{ y }}")
    assert argv(command, y="")[1:] == ("",)
    assert argv(command, x=True, y=1)[1:] == ("--x=true", "1")


def test_nasty_value_stays_one_word() -> None:
    assert argv(Command(argv=("env", "{{ x }}"), flags="--name value"), x=NASTY)[1:] == (NASTY, "--x", NASTY)


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12))
def test_shell_gets_every_value_as_it_is(value: str) -> None:
    command = Command(line="printf '%s|' {{ x }} --y={{ x }} | cat #it's", shell=True, flags="none")
    done = subprocess.run(argv(command, x=value), capture_output=True, check=True, timeout=20)
    assert done.stdout.decode() == f"{value}|--y={value}|"


def test_shell_line_gets_its_flags_quoted() -> None:
    found = argv(Command(line="printf '%s|'", shell=True, flags="name=value"), x=NASTY)
    assert found[:2] == ("/bin/sh", "-c")
    assert subprocess.run(found, capture_output=True, check=True, timeout=20).stdout.decode() == f"x={NASTY}|"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('echo "{{ x }}"', '{{ x }} stands inside "…". Values are quoted already: take the quotes off.'),
        ("echo '{{ x }}'", "{{ x }} stands inside '…'."),
        ("echo `cat {{ x }}`", "{{ x }} stands inside `…`."),
        ("# it's\necho '{{ x }}'", "{{ x }} stands inside '…'."),
        ("cat <<E\n{{ x }}\nE", 'a here-document ("<<") cannot be quoted safely.'),
        ("true # {{ x }}", "an expression stands in a comment."),
        ("echo \\{{ x }}", "a backslash stands before {{ x }} and would undo its quotes."),
        ('echo "\\{{ x }}"', "a backslash stands before {{ x }} and would undo its quotes."),
        ("echo \\{# #}' {{ x }}", "a backslash stands before {# #} and would undo its quotes."),
        ("echo $(( {{ x }} ))", "an expression stands inside ((…)), where quotes do not hold."),
        ("echo $(( 1 + $(echo {{ x }}) ))", "an expression stands inside ((…)), where quotes do not hold."),
        ("echo $[{{ x }}]", "an expression stands inside $[…], where quotes do not hold."),
        ("echo 'a", "a ' is not closed"),
    ],
)
def test_shell_line_that_could_let_a_value_out_is_refused(line: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        argv(Command(line=line, shell=True), x=1)
    assert str(caught.value).startswith(f"s.toml: command.line: {message}")


@pytest.mark.parametrize(
    "line",
    [
        "echo $((1 + 1)) {{ x }} $(echo {{ x }})",
        "echo '((' {{ x }}",
        "echo \\\\ {{ x }}",
        "echo \"a\"{{ x }}'b'",
        'echo \\"{{ x }}',
        'echo "it\'s" {{ x }}',
        "echo a#b' '{{ x }}",
    ],
)
def test_shell_line_with_quotes_beside_a_value_is_taken(line: str) -> None:
    assert "'1 2'" in argv(Command(line=line, shell=True), x="1 2")[2]


def test_line_that_cannot_be_cut_is_refused() -> None:
    with pytest.raises(
        ScenarioError, match=r"^s\.toml: command\.line: cannot be cut into words: No closing quotation$"
    ):
        argv(Command(line="env 'a"))
    with pytest.raises(ScenarioError, match=r"private-use character"):
        argv(Command(line="env \ue000"))


def test_word_with_a_wrong_template_is_named() -> None:
    with pytest.raises(TemplateError, match=r"^s\.toml: command\.argv\[1\]: unexpected '}'"):
        argv(Command(argv=("env", "{{ x }")))
    with pytest.raises(TemplateError, match=r"^s\.toml: command\.line: Unexpected end of template"):
        argv(Command(line="env {% if x %}--x {{ x }} {% endif %}"))


def test_word_with_a_nul_is_refused() -> None:
    with pytest.raises(TemplateError, match=r"^s\.toml: command\.argv: a word holds a NUL character$"):
        argv(Command(argv=("env", "{{ x }}")), x="\0")


# ---------------------------------------------------------------------------------------------- programs


def test_program_is_found_on_the_path_or_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "solve").write_text("#!/bin/sh\n")
    (tmp_path / "solve").chmod(0o755)
    for word, search_path in (("./solve", "/bin"), ("solve", f":/nowhere:{tmp_path}")):
        line = CommandLine(Command(argv=(word,)), [], None, tmp_path, "s.toml")
        assert line.render(Trial(1, {}), {}, search_path) == (str(tmp_path / "solve"),)
    assert (
        CommandLine(Command(argv=("sh",)), [], None, tmp_path, "s").render(Trial(1, {}), {}, None)[0].endswith("/sh")
    )


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("foo-bar-baz", 's.toml: command.argv[0]: no program "foo-bar-baz" on PATH. Install it, or write its path.'),
        ("printff", 's.toml: command.argv[0]: no program "printff" on PATH. Did you mean "printf"?'),
        (
            "plain",
            's.toml: command.argv[0]: no program "plain" on PATH. Write "./plain" for the one beside the scenario.',
        ),
        ("./plain", '/plain" is not executable. Run chmod +x on it.'),
        ("./gone", '/gone" cannot be run: No such file or directory'),
        ("./", '" is a folder, expected a program'),
        ("{{ x }}", "s.toml: command.argv[0]: the program is empty."),
    ],
)
def test_missing_program_is_told(tmp_path: Path, word: str, message: str) -> None:
    (tmp_path / "plain").touch(mode=0o644)
    line = CommandLine(Command(argv=(word,)), [], None, tmp_path, "s.toml")
    with pytest.raises(ScenarioError) as caught:
        line.render(Trial(1, {}), {"x": ""}, "/usr/bin:/bin")
    assert message in str(caught.value)


def test_program_on_the_path_that_is_not_executable_is_told(tmp_path: Path) -> None:
    (tmp_path / "plain").touch(mode=0o644)
    line = CommandLine(Command(argv=("plain",)), [], None, tmp_path, "s.toml")
    with pytest.raises(ScenarioError, match=r'the program "plain" on PATH is not executable'):
        line.render(Trial(1, {}), {}, str(tmp_path))


# ---------------------------------------------------------------------------------------------- SMAC v2


def test_smac2_call_line_names_instance_and_cutoff() -> None:
    trial = Trial(1, {"lr": 1e-5, "n": 3, "c": "0.10", "f": 0.5}, instance="a b.cnf", seed=-1)
    words = flag_words(trial, "smac2", reals=["lr"], cutoff_s=5)
    assert words[:5] == ["a b.cnf", "0", "5.0", "2147483647", "-1"]
    assert words[5:] == ["-lr", "1.0E-5", "-n", "3", "-c", "0.10", "-f", "0.5"]


def test_aclib2_call_line_names_what_there_is_and_config_is_the_last_before_the_parameters() -> None:
    trial = Trial(1, {"lr": 1e-5, "n": 3, "c": "0.10"}, instance="a b.cnf", seed=7)
    words = flag_words(trial, "aclib2", reals=["lr"], cutoff_s=2.5, skip=["n"])
    assert words[:7] == ["--instance", "a b.cnf", "--cutoff", "2.5", "--seed", "7", "--config"]
    assert words[7:] == ["-lr", "1e-05", "-c", "0.10"]
    assert flag_words(Trial(1, {"n": 3}, seed=0), "aclib2") == ["--seed", "0", "--config", "-n", "3"]


@pytest.mark.parametrize(("seed", "word"), [(0, "-1"), (7, "7")])
def test_smac2_call_line_gives_no_seed_as_minus_one(seed: int, word: str) -> None:
    assert flag_words(Trial(1, {"n": 3}, seed=seed), "smac2")[4] == word


def test_smac2_call_line_gives_a_seed_that_matters_as_it_is() -> None:
    assert flag_words(Trial(1, {"n": 3}, seed=0), "smac2", noisy=True)[4] == "0"
