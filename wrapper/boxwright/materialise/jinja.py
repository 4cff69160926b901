"""Templates in the ``{{ x }}`` syntax: Jinja2 in its sandbox, and strict: a name without a value is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from boxwright.errors import TemplateError
from boxwright.materialise.template import Uses, no_value


@dataclass(frozen=True, slots=True)
class JinjaTemplate:
    """A compiled Jinja2 template. ``has_lines``: the place is a file, so that a line number says more."""

    place: str
    uses: Uses
    template: jinja2.Template
    has_lines: bool

    def render(self, values: Mapping[str, object]) -> str:
        """Return the text; raises TemplateError, with the line, whatever goes wrong in the template."""
        try:
            return self.template.render(values)
        except Exception as error:  # the expressions of a template can raise anything
            raise self._explain(error, values) from error

    def _explain(self, error: Exception, values: Mapping[str, object]) -> TemplateError:
        place = self.place
        if self.has_lines:
            lines = [line for name, line in _frames(error) if name == self.template.filename]
            place = f"{place}:{lines[-1]}" if lines else place
        if isinstance(error, jinja2.UndefinedError):
            for name in self.uses.lines:
                if name not in values and f"'{name}'" in str(error):
                    return no_value(name, place, guard=f"{{% if {name} is defined %}}")
        return TemplateError(f"{error or type(error).__name__}", place=place)


def _frames(error: Exception) -> Iterator[tuple[str, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def make_environment(finalize: Callable[[Any], Any] | None = None) -> SandboxedEnvironment:
    """Return an environment for templates; ``finalize`` turns every inserted value into its text."""
    return SandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # the result is no HTML
        finalize=finalize,
    )


def compile_jinja(text: str, place: str, environment: SandboxedEnvironment, *, has_lines: bool) -> JinjaTemplate:
    """Return the compiled template.

    Args:
        text: The template.
        place: Where it stands, for messages.
        environment: From ``make_environment``.
        has_lines: Whether the place is a file, so that messages shall name the line in it.

    Raises:
        TemplateError: Its syntax is wrong, with the line.
    """
    try:
        tree = environment.parse(text, filename=place)
        uses = _uses(tree)
        code = environment.compile(text, name=place, filename=place)
    except jinja2.TemplateSyntaxError as error:
        where = f"{place}:{error.lineno}" if has_lines else place
        raise TemplateError(f"{error.message}", place=where) from error
    except RecursionError as error:
        raise TemplateError("nested too deeply", place=place) from error
    template = environment.template_class.from_code(environment, code, environment.globals)
    return JinjaTemplate(place, uses, template, has_lines)


def _uses(tree: nodes.Template) -> Uses:
    asked = meta.find_undeclared_variables(tree)
    lines: dict[str, int] = {}
    for name in tree.find_all(nodes.Name):
        if name.name in asked and name.ctx == "load":
            lines.setdefault(name.name, name.lineno)
    keys: set[str] = set()
    uses_of_config = sum(1 for name in tree.find_all(nodes.Name) if name.name == "config" and "config" in asked)
    getters = [*tree.find_all(nodes.Getitem), *tree.find_all(nodes.Getattr)]
    for item in getters:
        assert isinstance(item, nodes.Getitem | nodes.Getattr)
        if isinstance(item.node, nodes.Name) and item.node.name == "config":
            key = item.attr if isinstance(item, nodes.Getattr) else item.arg
            value = key.value if isinstance(key, nodes.Const) else key
            if isinstance(value, str) and not hasattr(dict, value):
                keys.add(value)
                uses_of_config -= 1
    return Uses(lines, frozenset(_guarded(tree)), frozenset(keys), all_config=uses_of_config > 0)


def _guarded(tree: nodes.Template) -> Iterator[str]:
    """Yield the names that the template asks about before it uses them."""
    for test in tree.find_all(nodes.Test):
        if test.name in ("defined", "undefined") and isinstance(test.node, nodes.Name):
            yield test.node.name
    for applied in tree.find_all(nodes.Filter):
        if applied.name in ("default", "d") and isinstance(applied.node, nodes.Name):
            yield applied.node.name
