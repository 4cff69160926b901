"""The verbs with which what a study holds leaves it, declared as in ``cli.py``, which is large enough already."""

from __future__ import annotations

import click

_OUT = click.option("--out", metavar="PATH", help="The file or folder to make; beside the study if not given.")
_FORCE = click.option("--force", is_flag=True, help="Replace what is there.")


@click.command(short_help="Write STUDY in the format of another tool.")
@click.argument("study")
@click.option(
    "--to",
    metavar="FORMAT",
    required=True,
    help="One of csv, parquet, json, optuna, deepcave, tensorboard, mlflow, smac or smac2.",
)
@_OUT
@_FORCE
def export(study: str, to: str, out: str | None, force: bool) -> int:
    """Write the runs of STUDY as other tools open them."""
    from boxwright.commands.export import export_command

    return export_command(study, to, out, force=force)


@click.command(short_help="Write STUDY as one HTML file: in words, charts and tables.")
@click.argument("study")
@_OUT
@click.option("--pdf", is_flag=True, help="Print it as PDF; needs Chromium.")
@_FORCE
def report(study: str, out: str | None, pdf: bool, force: bool) -> int:
    """Write STUDY as one HTML file that stands alone: in words, charts, tables, the scenario and versions."""
    from boxwright.commands.report import report_command

    return report_command(study, out, pdf=pdf, force=force)
