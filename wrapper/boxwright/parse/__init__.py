"""Output → outcome: result lines of every SMAC dialect, name<TAB>value lines, regular expressions, JSON files."""

from boxwright.parse.outcome import read_outcome

__all__ = ["read_outcome"]
