"""Cuts a command line into words like a shell, and sees to it that values put into a shell line stay quoted.

The line is cut before anything is rendered, so that a value with blanks or quotes stays one word.
"""

from __future__ import annotations

import re
import shlex

from boxwright.materialise.values import text_of

_BLOCK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_MARK = "\ue000"  # a private-use character stands in for a block while the line is cut


def cut_words(line: str) -> tuple[str, ...]:
    """Return the words of a line; a ``{{ … }}`` counts as one letter, whatever blanks and quotes it holds.

    Raises:
        ValueError: A quote is not closed; the message says so, without a place.
    """
    if _MARK in line:
        raise ValueError("the line holds the private-use character U+E000, which is not supported")
    blocks = _BLOCK.findall(line)
    words = shlex.split(_BLOCK.sub(_MARK, line))
    remaining = iter(blocks)
    return tuple(re.sub(_MARK, lambda _: next(remaining), word) for word in words)


def shell_fault(line: str) -> str:
    """Return why a shell line could let a value out of its quotes, empty if it cannot.

    Every value is inserted within single quotes. That holds only where the shell itself is not inside quotes,
    backticks, arithmetic or a here-document, nor behind a backslash, so an expression there is refused.
    """
    if "<<" in line and _BLOCK.search(line):
        return 'a here-document ("<<") cannot be quoted safely. Put the text into a template file.'
    quote, index = "", 0
    while index < len(line):
        block = _BLOCK.match(line, index)
        if block:
            if quote and block[0].startswith("{{"):
                return f"{block[0]} stands inside {quote}…{quote}. Values are quoted already: take the quotes off."
            index = block.end()
            continue
        character = line[index]
        if character == "\\" and quote != "'":
            if block := _BLOCK.match(line, index + 1):
                return f"a backslash stands before {block[0]} and would undo its quotes. Take it out."
            index += 2
            continue
        if not quote and (fault := _counting_fault(line, index)):
            return fault
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character == "#" and (index == 0 or line[index - 1] in " \t\n;&|()"):
            end = line.find("\n", index)
            if _BLOCK.search(line[index : end if end >= 0 else len(line)]):
                return "an expression stands in a comment. Take it out."
            index = end if end >= 0 else len(line)
            continue
        index += 1
    return f"a {quote} is not closed" if quote else ""


def _counting_fault(line: str, index: int) -> str:
    """Return why an expression cannot stand in the arithmetic that begins here, empty if there is none.

    Bash reads there what is within quotes, too, and carries out what stands in the brackets of an ``a[…]``.
    """
    for start, end in (("((", "))"), ("$[", "]")):
        if line.startswith(start, index):
            inside = _BLOCK.sub(_MARK, line[index:]).partition(end)[0]
            if _MARK in inside:
                return f"an expression stands inside {start}…{end}, where quotes do not hold. Count in a template."
    return ""


def quote_value(value: object) -> str:
    """Return a value as one word of a shell line."""
    return shlex.quote(text_of(value))
