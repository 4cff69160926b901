"""Kinds of optimizer seeds in a scenario: what is taken, and one line for what does not fit."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from boxwright.errors import ScenarioError
from boxwright.propose.kinds import hosted_kinds, refuse_missing_extra, seed_count, seed_kinds
from boxwright.propose.without_effect import optimizer_notes
from boxwright.scenario import load_scenario
from boxwright.scenario.optimizer import Optimizer

BASE = """
[command]
argv = ["true"]
[space]
x = { type = "float", lower = 0, upper = 1 }
[optimizer]
runs = 30
"""


def load(folder: Path, lines: str) -> Optimizer:
    (folder / "scenario.toml").write_text(BASE + lines)
    optimizer = load_scenario(folder).scenario.optimizer
    assert optimizer is not None
    return optimizer


def test_seeds_of_several_kinds_are_counted_out(tmp_path: Path) -> None:
    optimizer = load(tmp_path, 'seeds = [{ model = "gp", acquisition = "ts", count = 2 }, { model = "random" }]')
    assert seed_count(optimizer, 8) == 3
    assert [kind.name for kind in seed_kinds(optimizer, 3)] == ["gp ts", "gp ts", "random"]
    assert hosted_kinds(optimizer) == ()


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("", []),
        ('portfolio = "auto"', ["gp", "rf", "random"]),
        ('portfolio = [{ model = "rf" }, { model = "tpe" }]', ["rf", "tpe"]),
        ('model = "gp"\nacquisition = "portfolio"', ["gp", "gp pi", "gp lcb", "gp ts"]),
        (
            'portfolio = [{ model = "auto" }, { model = "gp", acquisition = "pi" }]',
            ["auto", "gp pi"],
        ),
    ],
)
def test_every_seed_has_the_whole_portfolio(tmp_path: Path, lines: str, names: list[str]) -> None:
    optimizer = load(tmp_path, lines)
    assert [kind.name for kind in hosted_kinds(optimizer)] == names
    assert seed_count(optimizer, 8) == 8


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("seeds = []", 'seeds: the list is empty. Write kinds such as { model = "gp" }.'),
        ("seeds = 0", "seeds: found the number 0, expected a whole number of at least 1"),
        ('seeds = [{ model = "gpp" }]', 'seeds[0].model: "gpp" is not known here. Did you mean "gp"?'),
        ('seeds = [{ modle = "gp" }]', 'seeds[0].modle: unknown key. Did you mean "model"?'),
        (
            'seeds = [{ model = "gp" }]\nportfolio = "auto"',
            "portfolio: the kinds are in optimizer.seeds already. Keep one of them.",
        ),
        (
            'model = "rf"\nportfolio = [{ model = "gp" }]',
            'model: "rf" is said beside optimizer.portfolio. Say it there, in a table of its own.',
        ),
        (
            'portfolio = [{ model = "gp", count = 2 }]',
            "portfolio[0].count: found 2, but every seed has the whole portfolio. Leave it out.",
        ),
        (
            'portfolio = [{ model = "gp" }, { model = "gp" }]',
            'portfolio[1]: "gp" is in the portfolio already. Name each kind once.',
        ),
        (
            'portfolio = [{ model = "tpe" }, { model = "auto" }, { model = "gp" }]',
            'portfolio[1]: "auto" takes "gp" where that fits, and nobody could tell the two apart. Name one of them.',
        ),
        ('seeds = [{ model = "rf" }, { model = "auto" }]', 'seeds[1]: "auto" takes "rf" where that fits,'),
        (
            'seeds = [{ model = "tpe", acquisition = "pi" }]',
            'seeds[0].acquisition: "pi" weighs what a model predicts, and "tpe" does not. It goes with auto,',
        ),
        (
            'model = "random"\nacquisition = "portfolio"',
            'acquisition: "portfolio" weighs what a model predicts, and "random" does not.',
        ),
        ('portfolio = "all"', 'portfolio: found the text "all", expected an array, each a table or "auto"'),
        ('seeds = ["gp"]', 'seeds[0]: found the text "gp", expected a table. Write { model = "gp" }.'),
        (
            'seeds = { model = "gp" }',
            "seeds: found a table, expected a whole number of at least 1 and of at most 4096 or an array, "
            'each a table. Write [{ model = "gp" }].',
        ),
        (
            "first = { x = 0.5 }",
            'first: found a table, expected an array, each a table or one of "default", "random". '
            "Write [{ x = 0.5 }].",
        ),
        ('acquisition = "ucb"', 'acquisition: "ucb" is not known here. Did you mean "lcb"?'),
        ('model = "Random Forest"', 'model: "Random Forest" is not known here. Did you mean "rf"?'),
        ('ahead = "yes"', 'ahead: found the text "yes", expected true or false or "auto"'),
    ],
)
def test_kinds_that_do_not_fit_get_one_line(tmp_path: Path, lines: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, lines)
    assert str(caught.value).startswith(f"{tmp_path}/scenario.toml: optimizer.{message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("lines", ['model = "tpe"', 'seeds = [{ model = "gp" }, { model = "cma" }]'])
def test_kind_that_is_not_installed_gets_the_name_of_its_extra(
    tmp_path: Path, lines: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cmaes", None)  # as if it were not there
    with pytest.raises(ScenarioError, match=r"optimizer: \"(tpe|cma)\" is Optuna's.*boxwright\[optuna\]"):
        refuse_missing_extra(load(tmp_path, lines), "s.toml")
    refuse_missing_extra(load(tmp_path, 'portfolio = "auto"'), "s.toml")


@pytest.mark.parametrize(
    ("lines", "notes"),
    [
        ("min_improvement = 0.1\npatience = 3", ()),
        ('min_improvement = 0.1\nseeds = [{ model = "random" }, { model = "rf" }]', ()),
        (
            'min_improvement = 0.1\nseeds = [{ model = "random" }, { model = "parzen" }]',
            (
                "optimizer.min_improvement: without effect, auto, gp, rf alone say what they expect, "
                "and there is only random, parzen",
            ),
        ),
        ("patience = 3", ("optimizer.patience: without effect while there is no optimizer.min_improvement",)),
        ("max_config_calls = 4", ("optimizer.max_config_calls: without effect while study.noisy is false",)),
        ("initial = 30", ("optimizer.initial: 30 of 30 runs, so that no model is ever asked",)),
    ],
)
def test_what_is_asked_for_in_vain_is_said(tmp_path: Path, lines: str, notes: tuple[str, ...]) -> None:
    assert optimizer_notes(load(tmp_path, lines), noisy=False) == notes
