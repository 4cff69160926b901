"""``convert``: a scenario of SMAC v2 → TOML, and back, with what was lost."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.errors import UserError, one_line

if TYPE_CHECKING:
    from boxwright.scenario.model import Instances


def convert(source: str | Path, target: str | Path) -> list[str]:
    """Write a scenario of SMAC v2 as TOML, or one in TOML as an option file with a PCS file beside it.

    Args:
        source: The scenario.
        target: The file to make; one that ends in ``.toml`` is TOML.

    Returns:
        What was lost, in one line each.

    Raises:
        UserError: The scenario is wrong, has no such form, or the file exists.
    """
    from boxwright.scenario.layers import find_scenario

    file, made = find_scenario(Path(source)), Path(target)
    to_toml = made.suffix == ".toml"
    if to_toml == (file.suffix == ".toml"):
        found = "both are TOML" if to_toml else "both are option files of SMAC v2"
        raise UserError(f"{found}: there is nothing to convert.", place=str(target))
    return _to_toml(file, made) if to_toml else _to_options(file, made)


def convert_command(source: str, target: str) -> int:
    """Do ``boxwright convert``."""
    lost = convert(source, target)
    for line in lost:
        sys.stderr.write(f"lost: {one_line(line)}\n")
    sys.stdout.write(f"{Path(target).absolute()}\n")
    return 0


def _to_toml(file: Path, made: Path) -> list[str]:
    from boxwright.scenario import load_scenario
    from boxwright.scenario.smac2.reading import read_smac2
    from boxwright.scenario.toml_text import to_toml
    from boxwright.space import load_space

    loaded = load_scenario(file)
    load_space(loaded.scenario.space, place=str(file), folder=loaded.folder)
    layers = read_smac2(file)
    document = layers.document
    here = Path(os.path.normpath(Path.cwd() / made.parent))
    if here != layers.folder:
        document = {"folder": os.path.relpath(layers.folder, here), **document}
    said = [f"From {file.name}, a scenario of SMAC v2.", *(note for note in layers.notes if note not in layers.lost)]
    head = "".join(f"# {one_line(text)}\n" for text in said)
    with _new_files({made: f"{head}{to_toml(document)}"}):
        if load_scenario(made).scenario != loaded.scenario:
            raise UserError("does not come back as it was written: this is a bug; please report it.", place=str(made))
    return layers.lost


def _to_options(file: Path, made: Path) -> list[str]:
    from boxwright.scenario import load_scenario
    from boxwright.scenario.model import Instances
    from boxwright.scenario.smac2.writing import differences, option_lines
    from boxwright.space import load_space
    from boxwright.space.pcs_text import space_to_pcs

    loaded = load_scenario(file)
    space = load_space(loaded.scenario.space, place=str(file), folder=loaded.folder)
    pcs_text, lost = space_to_pcs(space)
    pcs = made.with_name(f"{made.stem}.pcs")
    texts = {pcs: pcs_text}
    instances = None
    if loaded.scenario.instances.rows:
        instances = made.with_name(f"{made.stem}.instances.csv")
        texts[instances] = _instance_text(loaded.scenario.instances)
    tests = None
    if isinstance(loaded.scenario.instances.test, tuple):
        tests = made.with_name(f"{made.stem}.test-instances.csv")
        texts[tests] = _instance_text(Instances(names=loaded.scenario.instances.test))
    shown = None if instances is None else instances.name
    shown_tests = None if tests is None else tests.name
    lines = option_lines(loaded.scenario, folder=loaded.folder, pcs=pcs.name, instances=shown, tests=shown_tests)
    texts[made] = f"# From {file.name}.\n" + "".join(f"{line}\n" for line in lines)
    with _new_files(texts):
        back = load_scenario(made, with_defaults=False)
        lost += differences(loaded.scenario, back.scenario, (loaded.folder, back.folder))
    return lost


def _instance_text(instances: Instances) -> str:
    first = instances.names[0]
    if instances.specific and not instances.seeds and first.lstrip("+-").isdecimal():
        problem = f'"{first}" would be read as a seed, because a specific text follows it. Name another one first.'
        raise UserError(problem, place="instances.names[0]")
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for name, seed in instances.rows:
        specific = [instances.specific.get(name, "0")] if instances.specific else []
        writer.writerow([*([] if seed is None else [seed]), name, *specific])
    return text.getvalue()


@contextmanager
def _new_files(texts: Mapping[Path, str]) -> Iterator[None]:
    """Write files that are not there yet; if what follows goes wrong, none of them is left.

    Raises:
        UserError: One exists, or cannot be written.
    """
    written: list[Path] = []
    try:
        for path, text in texts.items():
            try:
                with path.open("x", encoding="utf-8") as file:
                    written.append(path)
                    file.write(text)
            except FileExistsError as error:
                raise UserError("exists already. Give another name, or take it away.", place=str(path)) from error
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or error
                raise UserError(f"cannot be written: {reason}", place=str(path)) from error
        yield
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
