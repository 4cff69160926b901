"""Templates in the {{ x }} syntax: strict and in a sandbox."""

from __future__ import annotations

import pytest

from boxwright.errors import TemplateError
from boxwright.materialise.jinja import compile_jinja, make_environment
from boxwright.materialise.template import Uses


def render(template: str, **values: object) -> str:
    return compile_jinja(template, "t.j2", make_environment(), has_lines=True).render(values)


def uses(template: str) -> Uses:
    return compile_jinja(template, "t.j2", make_environment(), has_lines=True).uses


def test_template_keeps_its_last_newline_and_escapes_nothing() -> None:
    assert render("{{ x }} < {{ y }}\n", x="<&'\">", y=True) == "<&'\"> < True\n"


def test_template_can_guard_an_inactive_parameter() -> None:
    template = "{% if x is defined %}x={{ x }}{% endif %}{{ y | default(3) }}"
    assert render(template) == "3"
    assert render(template, x=1, y=2) == "x=12"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "a\n{{ x }}",
            't.j2:2: no value for "x": it is inactive in this configuration. Guard it with {% if x is defined',
        ),
        ("{{ cutoff_s }}", 't.j2:1: no value for "cutoff_s": the scenario has no limits.cutoff_s.'),
        ("\n{{ 1 / 0 }}", "t.j2:2: division by zero"),
        ("{% if x %}", "t.j2:1: Unexpected end of template."),
        ("\n\n{% foo %}", "t.j2:3: Encountered unknown tag 'foo'."),
        ("{{ x | nofilter }}", "t.j2:1: No filter named 'nofilter'."),
        ("{{ 'a'.__class__.__mro__ }}", "t.j2:1: access to attribute '__class__' of 'str' object is unsafe."),
        ("{% include 'x' %}", "t.j2:1: no loader for this environment specified"),
        ("{{ " + "(" * 20_000, "t.j2"),
    ],
)
def test_template_that_does_not_fit_is_told_with_its_line(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(template)
    assert str(caught.value).startswith(message)


def test_template_knows_what_it_uses() -> None:
    guarded = "{% if e is defined %}{{ range(3) }}{% endif %}"
    found = uses("{{ a }}\n{{ config['b.c'] }}{{ config.d }}" + guarded + "{% set f = 1 %}{{ f }}")
    assert {"a", "config", "e"} <= set(found.lines)
    assert "f" not in found.lines
    assert set(found.guarded) == {"e"}
    assert set(found.keys) == {"b.c", "d"}
    assert not found.all_config


@pytest.mark.parametrize(
    "template", ["{{ config }}", "{% for n, v in config.items() %}{% endfor %}", "{{ config[a] }}"]
)
def test_template_that_goes_through_all_of_config_uses_all(template: str) -> None:
    assert uses(template).all_config
