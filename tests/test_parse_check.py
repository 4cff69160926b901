"""The parse section is checked before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from boxwright.errors import ScenarioError
from boxwright.parse import check_parse
from boxwright.scenario.model import Objective, Parse


@pytest.mark.parametrize(
    ("parse", "message"),
    [
        (
            {"regex": {"q": "("}},
            's.toml: parse.regex.q: "(" is no regular expression: missing ), unterminated subpattern',
        ),
        ({"regex": {"q": "q=.*"}}, 's.toml: parse.regex.q: "q=.*" has 0 groups; one must hold the number.'),
        ({"regex": {"q": "(q)=(.*)"}}, "has 2 groups"),
        ({"json": "/tmp/m.json"}, 's.toml: parse.json: "/tmp/m.json" is not inside the run folder'),
        ({"json": "../m.json"}, "is not inside the run folder"),
        ({"json": ""}, "is not inside the run folder"),
        (
            {"result_line": True, "regex": {"q": "(.)"}},
            's.toml: parse.regex.q: gives "q", which the result line gives',
        ),
        ({"result_line": False}, 's.toml: parse: nothing gives the objective "q"; patterns: none.'),
        ({"regex": {"other": "(.)"}}, 'nothing gives the objective "q"; patterns: other. Add parse.regex.q.'),
    ],
)
def test_check_refuses_a_parse_section_that_cannot_work(parse: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        check_parse(Parse(**parse), Objective(metric="q"), has_postprocess=False, place="s.toml")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("parse", "has_postprocess"),
    [
        ({}, False),
        ({}, True),
        ({"result_line": False}, True),
        ({"tab": True}, False),
        ({"json": "out/metrics.json"}, False),
        ({"regex": {"q": "q=(.*)"}}, False),
        ({"result_line": True, "regex": {"other": "(.)"}}, False),
        ({"regex": {"other": "(.)"}}, True),
    ],
)
def test_check_takes_a_parse_section_that_can_work(parse: dict[str, Any], has_postprocess: bool) -> None:
    check_parse(Parse(**parse), Objective(metric="q"), has_postprocess=has_postprocess, place="s.toml")
