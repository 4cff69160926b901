"""All optimizers by name, with what has to be installed for each."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial

from quality import peers_nevergrad, peers_optuna, peers_smac
from quality.peer import Make
from quality.peers_boxwright import Boxwright, Random, read_options
from quality.words import MistakeError

OURS = "boxwright"

_PEERS: dict[str, tuple[Make, tuple[str, ...]]] = {
    "random": (Random, ()),
    "optuna-tpe": (peers_optuna.make_tpe, ("optuna",)),
    "optuna-gp": (peers_optuna.make_gp, ("optuna", "torch")),
    "optuna-cma": (peers_optuna.make_cma, ("optuna", "cmaes")),
    "nevergrad": (peers_nevergrad.Nevergrad, ("nevergrad",)),
    "smac3-rf": (peers_smac.make_forest, ()),
    "smac3-gp": (peers_smac.make_blackbox, ()),
}
NAMES = (OURS, *_PEERS)
QUICK = (OURS, "random", "optuna-tpe", "optuna-cma")


def is_ours(name: str) -> bool:
    """Say whether a peer is boxwright or a variant of it."""
    return name.partition(":")[0].partition("@")[0] == OURS


def maker(name: str) -> Make:
    """Return what makes the optimizer of this name.

    ``boxwright:model=gp`` is boxwright with an option. ``boxwright@before`` is boxwright too: the label only keeps
    its records apart from those of another state of the code.

    Raises:
        MistakeError: There is none of this name, or an option is unknown or wrong.
    """
    if is_ours(name):
        options = read_options(name.partition(":")[2])
        return partial(Boxwright, options=options)
    if name not in _PEERS:
        raise MistakeError(f'no peer "{name}". Known: {", ".join(NAMES)}')
    return _PEERS[name][0]


def installed(names: list[str], say: Callable[[str], None]) -> list[str]:
    """Return the peers that can be made here; say what is missing for the others."""
    found = []
    for name in names:
        maker(name)
        needs = () if is_ours(name) else _PEERS[name][1]
        missing = [module for module in needs if importlib.util.find_spec(module) is None]
        if missing:
            say(f"{name} is left out: {', '.join(missing)} is not installed")
        else:
            found.append(name)
    return found
