"""The kinds of optimizer seeds: how one models what it was told, and how it chooses."""

from __future__ import annotations

from typing import Literal, TypeAlias

Acquisition: TypeAlias = Literal["ei", "pi", "lcb", "ts"]
"""Expected improvement, probability of improvement, lower confidence bound, Thompson sampling."""
