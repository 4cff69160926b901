"""Templates in the ${x} syntax of DOE platforms."""

from __future__ import annotations

import pytest

from boxwright.errors import TemplateError
from boxwright.materialise.dollar import compile_dollar

VALUES: dict[str, object] = {
    "x": 0.5,
    "n": 3,
    "yes": True,
    "s": "a b",
    "hp.lr": 1e-5,
    "gpus": ["0", "1"],
    "config": {},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("${x} ${n} ${s} ${yes}", "0.5 3 a b true"),
        ("$x $ $$ $1 \\${n} #{n}", "$x $ $$ $1 \\3 #{n}"),
        ("$${x} costs $$${n}", "${x} costs $${n}"),
        ("${hp.lr}", "1e-05"),
        ('${x?string("0.00##")}', "0.50"),
        ('${hp.lr?string("0.###E0")}', "1E-5"),
        ("${x?string('0.0;(0.0)')}", "0.5"),
        ('${x?string("0.0}")}', "0.5}"),
        ("${x?int} ${x?round} ${x?floor} ${x?ceiling} ${x?c}", "0 1 0 1 0.5"),
        ("${s?upper_case} ${s?lower_case} ${n?string}", "A B a b 3"),
        ('${yes?string("on", "off")}', "on"),
        ("${gone!0.25} ${gone!none} ${gone!} ${gone!'a}b'} ${gone!true}", "0.25 none  a}b true"),
        ('${(gone!0.25)?string("0.000")} ${ x }', "0.250 0.5"),
        ("${x!9}", "0.5"),
        ("${(gone)!3} ${(x)!3} ${( gone ) ! 'a b' }${(gone)!}", "3 0.5 a b"),
        ('${(gone)!3?string("0.00")}', "3.00"),
        ("${gpus}", "0,1"),
        ("é\r\n${n}\n", "é\r\n3\n"),
    ],
)
def test_dollar_template_is_rendered(template: str, text: str) -> None:
    assert compile_dollar(template, "t").render(VALUES) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "\n${gone}",
            't:2: no value for "gone": it is inactive in this configuration. Guard it with a default: ${gone!0}.',
        ),
        ("\n\n${x", 't:3: no "}" for "${x". For a literal "${" write "$${".'),
        ("${}", 't:1: "${}" cannot be read. Write ${name}, ${name!default} or ${name?string("0.00")}.'),
        ("${x + 1}", 't:1: "${x + 1}" cannot be read. Write ${name}'),
        ("${(x!1)!2}", 't:1: "${(x!1)!2}" cannot be read. Write ${name}'),
        ("${(x}", 't:1: "${(x}" cannot be read. Write ${name}'),
        ("${x?strng}", 't:1: "?strng" is not known. Did you mean "string"?'),
        ('${x?string("abc")}', 't:1: ${x?string("abc")}: "abc" is no number format.'),
        ('${x?int("3")}', 't:1: "?int" takes no arguments like that, found 1'),
        ('${s?string("0.0")}', 't:1: ${s?string("0.0")}: "a b" is no number'),
        ('${n?string("on", "off")}', 't:1: ${n?string("on", "off")}: "3" is neither true nor false'),
        ("${config}", 't:1: "config" is no single value'),
    ],
)
def test_dollar_template_that_does_not_fit_is_told_with_its_line(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compile_dollar(template, "t").render(VALUES)
    assert str(caught.value).startswith(message)


def test_dollar_template_knows_what_it_uses() -> None:
    uses = compile_dollar("${a}\n${b!1}\n${a}$${c}", "t").uses
    assert dict(uses.lines) == {"a": 1, "b": 2}
    assert uses.guarded == {"b"}
