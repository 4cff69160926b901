"""Leaves a validation as SMAC v2 leaves it: ``validation….csv`` beside the trajectory, or the list, that it is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from boxwright.errors import SpaceError
from boxwright.materialise.flags import NO_SPECIFIC
from boxwright.store.database import Store
from boxwright.store.records import RunRecord
from boxwright.store.smac2.encoding import Encoder
from boxwright.store.smac2.facts import Source
from boxwright.store.smac2.validation import Moment, TestRow, Told, write_validation
from boxwright.study.validation_plan import Candidate, Plan
from boxwright.terms import config_key


def write_validations(
    source: Source, store: Store, folder: Path, validation: Store, plan: Plan, found: Sequence[Candidate]
) -> Iterator[str]:
    """Write the files of each trajectory and list; yield in one line what could not be told, and why.

    Args:
        source: The study.
        store: Its database.
        folder: Where the files go.
        validation: Of the validation.
        plan: What was to be run.
        found: What was validated, one for each moment; configurations may stand there several times.

    Raises:
        OSError: They cannot be written.
    """
    runs = {(config_key(run.config), run.instance, run.seed): run for run in validation.runs(settling=True)}
    facts, encoder = source.facts(store, folder), Encoder(source.space, strict=True)
    for base in dict.fromkeys(candidate.base for candidate in found):
        group = [candidate for candidate in found if candidate.base == base]
        try:
            told = _told(group, plan, runs, encoder)
        except (KeyError, SpaceError) as error:
            why = "it is not finished" if isinstance(error, KeyError) else str(error)
            yield f"no files of SMAC v2 of the validation of {base}: {why}"
            continue
        write_validation(folder, base, facts, told)


def _told(
    group: Sequence[Candidate],
    plan: Plan,
    runs: Mapping[tuple[str, str | None, int], RunRecord],
    encoder: Encoder,
) -> Told:
    """Return what the files of one group tell.

    Raises:
        KeyError: A run is missing.
        SpaceError: A configuration is none of the space, so that the files cannot hold it.
    """
    group = sorted(group, key=lambda candidate: candidate.after_s)
    places: dict[str, int] = {}
    for candidate in group:
        places.setdefault(config_key(candidate.config), len(places))
    configs = {config_key(candidate.config): encoder.encode(candidate.config) for candidate in group}
    rows = tuple(
        TestRow(
            instance,
            plan.specific.get(instance or "", NO_SPECIFIC),
            tuple(runs[key, instance, seed] for key in places),
        )
        for instance, seed in plan.rows
    )
    moments = [Moment(each.after_s, each.training, places[config_key(each.config)]) for each in group]
    return Told([configs[key] for key in places], rows, moments)
