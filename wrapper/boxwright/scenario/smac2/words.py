"""The texts inside option files: the words of ``algo``, configurations, and words that are no templates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_PAIR = re.compile(r"\s*-(\S+)\s+(?:'([^']*)'|([^\s']+))(?=\s|$)")
_SETTING = re.compile(r"\s*([^\s=']+)='([^']*)'\s*(?:,|$)")
_NUMBERED = re.compile(r"\s*[0-9]+:\s*")
_NOT_FOUND = -1


def split_algo(text: str) -> list[str]:
    r"""Return the words of ``algo`` as SMAC v2 cuts them: at blanks only, ``"`` groups, ``\"`` is a quote.

    Raises:
        ValueError: A quote is not closed.
    """
    words: list[str] = []
    word: list[str] | None = None
    is_quoted = False
    index = 0
    while index < len(text):
        character = text[index]
        if text.startswith('\\"', index):
            word = [] if word is None else word
            word.append('"')
            index += 2
            continue
        if character == '"':
            is_quoted = not is_quoted
            word = [] if word is None else word
        elif character == " " and not is_quoted:
            if word is not None:
                words.append("".join(word))
            word = None
        else:
            word = [] if word is None else word
            word.append(character)
        index += 1
    if is_quoted:
        raise ValueError("a quote is not closed")
    return words if word is None else [*words, "".join(word)]


def join_algo(words: Sequence[str]) -> str:
    """Return the text that ``split_algo`` cuts into these words.

    Raises:
        ValueError: A word holds a line break, which no option file can.
    """
    if any(character in word for word in words for character in "\n\r\0"):
        raise ValueError("a word holds a line break")
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    r"""Return one word; what is in quotes ends with a blank, so that no ``\`` stands before the closing one."""
    text = word.replace('"', '\\"')
    last = text.rfind(" ")
    if last != _NOT_FOUND:
        text = f'"{text[: last + 1]}"{text[last + 1 :]}'
    if not text or text[0].isspace():
        text = f'""{text}'
    return f'{text}""' if text[-1].isspace() else text


def as_template(word: str) -> str:
    """Return a Jinja2 template that renders as the word."""
    if not re.search(r"\{[{%#]", word):
        return word
    return word.replace("{", '{{ "{" }}')


def from_template(template: str) -> str | None:
    """Return the word that a template always renders as; None if it depends on the run."""
    word = template.replace('{{ "{" }}', "\0")
    return None if re.search(r"\{[{%#]", word) else word.replace("\0", "{")


def read_configuration(text: str) -> dict[str, str]:
    """Return the values of a configuration in SMAC v2's call form, ``-name 'value' -name 'value'``.

    Raises:
        ValueError: It is no such text, or names a parameter twice.
    """
    values: dict[str, str] = {}
    index = 0
    while index < len(text):
        found = _PAIR.match(text, index)
        if found is None:
            raise ValueError(f"cannot be read from {text[index : index + 30].strip()!r} on")
        if found[1] in values:
            raise ValueError(f"names {found[1]} twice")
        values[found[1]] = found[2] if found[2] is not None else found[3]
        index = found.end()
        while index < len(text) and text[index].isspace():
            index += 1
    return values


def read_state_form(text: str) -> dict[str, str]:
    """Return the values of a configuration in SMAC v2's state form, ``name='value',name='value'``.

    The number that ``paramstrings-it….txt`` puts before it is passed over.

    Raises:
        ValueError: It is no such text, or names a parameter twice.
    """
    values: dict[str, str] = {}
    text = text.rstrip()
    numbered = _NUMBERED.match(text)
    index = numbered.end() if numbered else 0
    while index < len(text):
        found = _SETTING.match(text, index)
        if found is None:
            raise ValueError(f"cannot be read from {text[index : index + 30].strip()!r} on")
        if found[1] in values:
            raise ValueError(f"names {found[1]} twice")
        values[found[1]] = found[2]
        index = found.end()
    return values


def write_configuration(values: Mapping[str, str]) -> str:
    """Return a configuration in SMAC v2's call form."""
    return " ".join(f"-{name} '{value}'" for name, value in values.items())
