"""The command line: it declares verbs and options; ``commands/<verb>.py`` does the work and returns an exit code.

Answers go to stdout, talk to stderr. Exit codes: 0 done, 1 done with failed runs, 2 the user's mistake,
3 our bug, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import errno
import io
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from boxwright import __version__
from boxwright.commands.counts import Count
from boxwright.commands.leaving import export, report
from boxwright.errors import BoxwrightError, one_line
from boxwright.report.streams import forget_reader, unbreakable

_DISK_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG}
_COUNT = Count(1)
_SET = click.option(
    "--set", "settings", metavar="KEY=VALUE", multiple=True, help="Override one key of the scenario; may be repeated."
)
_SLOTS = click.option("--slots", type=_COUNT, help="How many runs at a time.")
_BACKEND = click.option(
    "--backend", help="Where runs are carried out: local, slurm, pbs, torque, lsf, sge, htcondor."
)
_SEEDS = click.option("--seeds", type=_COUNT, help="How many optimizer seeds share the model.")
_RUNS = click.option("--runs", type=_COUNT, help="How many runs in all.")
_WARM_START = click.option(
    "--warm-start",
    metavar="PATH",
    multiple=True,
    help="An earlier study, or a CSV file of runs, that the optimizer knows from the start; may be repeated.",
)
_RUN = Count(1, 2**63 - 1)  # what the database can number
_JSON = click.option("--json", "as_json", is_flag=True, help="For machines: JSON on stdout.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="boxwright %(version)s")
def cli() -> None:
    """Turn any command line into a black box that can be designed, tuned and run on any number of slots."""


@cli.command(short_help="Copy a scenario of the gallery into FOLDER, or list them.")
@click.argument("name", required=False)
@click.argument("folder", required=False)
def init(name: str | None, folder: str | None) -> int:
    """Copy a scenario of the gallery into FOLDER; without NAME, list the gallery."""
    from boxwright.commands.init import init_command

    return init_command(name, folder)


@cli.command()
@click.argument("scenario")
@_BACKEND
@_SET
def check(scenario: str, backend: str | None, settings: Sequence[str]) -> int:
    """Say what SCENARIO would run, file by file, and run nothing."""
    from boxwright.commands.check import check_command

    return check_command(scenario, settings=_with_backend(settings, backend))


@cli.command(short_help="Carry out SCENARIO in a new study.")
@click.argument("scenario")
@click.option("--study", metavar="DIR", help="The study folder to make; studies/NAME if not given.")
@_SLOTS
@_BACKEND
@_SEEDS
@_RUNS
@_WARM_START
@_SET
@click.option("--detach", "detached", is_flag=True, help="Return at once; the study goes on by itself.")
@click.option("--serve", "with_page", is_flag=True, help="Serve its live page until it ends; the link is on stderr.")
def run(scenario: str, backend: str | None, settings: Sequence[str], **options: Any) -> int:
    """Carry out SCENARIO in a new study: TOML, a scenario file of SMAC v2, or a folder that holds one of them."""
    from boxwright.commands.running import run_command

    return run_command(scenario, settings=_with_backend(settings, backend), **options)


@cli.command(short_help="Put the controller of a study into the queue of a batch scheduler.")
@click.argument("scenario")
@click.option("--study", metavar="DIR", help="The study folder to make; studies/NAME if not given.")
@_BACKEND
@click.option("--scheduler", metavar="NAME", help="Where the controller is queued; that of the runs if not given.")
@click.option("--queue", help="Its queue, or partition; slots.queue if not given.")
@click.option("--account", help="Whom its job is charged to; slots.account if not given.")
@click.option("--walltime", metavar="TIME", help="How long it may take: 2d, 36h, 1-12:00:00.")
@click.option("--cores", type=_COUNT, help="Cores of its job; 1, or those of all slots in it, if not given.")
@click.option("--gpus", type=_COUNT, help="GPUs of its job; none, or those of all slots in it, if not given.")
@click.option("--memory", metavar="SIZE", help="Memory of its job, e.g. 4GiB.")
@click.option("--extra", metavar="OPTION", multiple=True, help="An option of the scheduler's; may be repeated.")
@_SET
def submit(scenario: str, study: str | None, backend: str | None, settings: Sequence[str], **wish: Any) -> int:
    """Put the controller of SCENARIO, or of a study to be resumed, into the queue as a batch job of its own."""
    from boxwright.commands.submitting import Wish, submit_command

    return submit_command(scenario, study=study, settings=_with_backend(settings, backend), wish=Wish(**wish))


@cli.command(short_help="Go on with STUDY where it was left, or extend it.")
@click.argument("study")
@_SLOTS
@_BACKEND
@_SEEDS
@_RUNS
@_SET
@click.option("--retry", metavar="STATUS,…", help="Run trials with this outcome once more, e.g. crashed,timeout.")
def resume(
    study: str,
    slots: int | None,
    backend: str | None,
    seeds: int | None,
    runs: int | None,
    settings: Sequence[str],
    retry: str | None,
) -> int:
    """Go on with STUDY where it was left; with a higher --runs, extend it."""
    from boxwright.commands.running import resume_command

    settings = _with_backend(settings, backend)
    return resume_command(study, slots=slots, seeds=seeds, runs=runs, settings=settings, retry=retry)


@cli.command(
    short_help="What an external optimizer calls as its black box.",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def algo(words: Sequence[str]) -> int:
    """Evaluate one configuration for an external optimizer."""
    from boxwright.algo.main import main as algo_main

    return algo_main(list(words))


@cli.command(short_help="Show studies in a browser, while they run and afterwards.")
@click.argument("studies", nargs=-1, required=True)
@click.option("--port", type=Count(0, 65535), help="Where to listen; the first free one from 8650 on if not given.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--open-to-network", is_flag=True, help="Take an address that other machines reach, unencrypted.")
@click.option("--until-eof", is_flag=True, hidden=True)
def serve(studies: Sequence[str], **options: Any) -> int:
    """Show STUDIES in a browser: open the link that is printed. Ctrl-C ends it."""
    from boxwright.commands.serve import serve_command

    return serve_command(studies, **options)


@cli.command()
@click.argument("study")
@_JSON
@click.option("-f", "--follow", "is_followed", is_flag=True, help="Say so again until the study is left.")
def status(study: str, as_json: bool, is_followed: bool) -> int:
    """Say where STUDY stands."""
    from boxwright.commands.status import status_command

    if is_followed:
        from boxwright.commands.following import follow_command

        return follow_command(study)
    return status_command(study, as_json=as_json)


@cli.command(short_help="Judge configurations of STUDY by runs that are new to it.")
@click.argument("study")
@click.option("--trajectory", is_flag=True, help="All incumbents that there have been.")
@click.option("--incumbents", type=click.Choice(["last", "all", "times"]), help="As validation.incumbents.")
@click.option("--trajectory-files", metavar="FILE", multiple=True, help="SMAC v2's traj-run-N.txt; repeatable.")
@click.option("--configuration", "configurations", metavar="TEXT", multiple=True, help="-name 'value' …; repeatable.")
@click.option("--configurations", "files", metavar="FILE", multiple=True, help="One in a line, or CSV; repeatable.")
@click.option("--default", is_flag=True, help="The default configuration.")
@click.option("--random", type=_COUNT, help="So many configurations drawn at random.")
@click.option("--instances", metavar="FILE", help="Test instances, in place of instances.test.")
@click.option("--runs", type=_COUNT, help="How often each runs on each test instance; in all where there is none.")
@click.option("--seed", type=Count(0), help="Of the random numbers that seeds are drawn from.")
@_SLOTS
@click.option("--csv", "form", flag_value="csv", help="As CSV.")
@click.option("--json", "form", flag_value="json", help="As a JSON array of objects.")
def validate(study: str, form: str | None, **options: Any) -> int:
    """Run the incumbent of STUDY, or the configurations named, on test instances; without instances, with new seeds.

    The runs are kept in STUDY/validation. What has run there is not run again.
    """
    from boxwright.commands.validate import validate_command

    return validate_command(study, form=form or "table", **options)


@cli.command()
@click.argument("study")
@click.option("--sort", metavar="NAME", help="Parameter, metric or field to sort by; -NAME for falling order.")
@click.option(
    "--where",
    metavar="CONDITION",
    multiple=True,
    help="Only runs for which NAME OPERATOR VALUE holds, e.g. status=SUCCESS or 'quality<0.1'; operators: "
    "= == != < <= > >=. A value with blanks stands in quotes. May be repeated: all must hold.",
)
@click.option("--by-config", is_flag=True, help="One row per configuration, with means over the runs that count.")
@click.option("--validation", is_flag=True, help="The runs of its validation instead.")
@click.option("--csv", "form", flag_value="csv", help="As CSV.")
@click.option("--json", "form", flag_value="json", help="As a JSON array of objects.")
def results(study: str, validation: bool, form: str | None, **options: Any) -> int:
    """Print the runs of STUDY."""
    from boxwright.commands.opening import validation_of
    from boxwright.commands.results import results_command

    folder = validation_of(study) if validation else study
    return results_command(folder, form=form or "table", **options)


@cli.command()
@click.argument("study")
@click.argument("run", type=_RUN)
@_JSON
def show(study: str, run: int, as_json: bool) -> int:
    """Print one RUN of STUDY: configuration, metrics, files."""
    from boxwright.commands.show import show_command

    return show_command(study, run, as_json=as_json)


@cli.command()
@click.argument("study")
@click.argument("run", type=_RUN, required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on until the run is over.")
@click.option("--stderr", is_flag=True, help="The run's stderr instead of its stdout.")
def tail(study: str, run: int | None, follow: bool, stderr: bool) -> int:
    """Print what a RUN of STUDY, the newest if not given, has written."""
    from boxwright.commands.show import tail_command

    return tail_command(study, run, follow=follow, stderr=stderr)


@cli.command()
@click.argument("study")
@click.argument("run", type=_RUN)
def kill(study: str, run: int) -> int:
    """Stop one RUN of STUDY for good."""
    from boxwright.commands.stopping import kill_command

    return kill_command(study, run)


@cli.command()
@click.argument("study")
@click.option("--now", is_flag=True, help="Stop the runs under way, too; a resumed study runs them again.")
def stop(study: str, now: bool) -> int:
    """Let STUDY start no new run."""
    from boxwright.commands.stopping import stop_command

    return stop_command(study, now=now)


@cli.command(
    short_help="Change how many batch slots a running STUDY has.", context_settings={"ignore_unknown_options": True}
)
@click.argument("number")
@click.argument("study")
def slots(number: str, study: str) -> int:
    """Change how many slots in batch jobs a running STUDY has: +8, -4, or 12 for exactly so many."""
    from boxwright.commands.stopping import slots_command

    return slots_command(number, study)


@cli.command()
@click.argument("study")
@click.argument("target", required=False)
@click.option(
    "--best",
    type=_COUNT,
    metavar="K",
    help="Only the best K runs; of a noisy study, those of the best K configurations.",
)
def archive(study: str, target: str | None, best: int | None) -> int:
    """Pack the runs of STUDY into TARGET (.tar.zst, .tar.gz or .zip)."""
    from boxwright.commands.archive import archive_command

    return archive_command(study, target, best=best)


cli.add_command(export)
cli.add_command(report)


@cli.command(short_help="Turn a scenario of SMAC v2 into TOML, or back.")
@click.argument("source")
@click.argument("target")
def convert(source: str, target: str) -> int:
    """Write SOURCE, a scenario of SMAC v2, as TARGET.toml, or one in TOML as SMAC v2 has them."""
    from boxwright.commands.convert import convert_command

    return convert_command(source, target)


@cli.command()
def schema() -> int:
    """Print the JSON Schema of scenario files."""
    from boxwright.commands.schema import schema_command

    return schema_command()


@cli.command()
@_JSON
@click.option("--probe", "is_probed", is_flag=True, help="Submit a small job that says what a node has and reaches.")
@click.option("--backend", help="The scheduler to probe, if there are several.")
@click.option("--queue", help="The queue, or partition, to probe.")
@click.option("--interface", metavar="NAME", help="What the node is to reach, as slots.interface.")
@click.option("--ports", metavar="RANGE", help="Where the node is to reach it, as slots.ports.")
def doctor(as_json: bool, is_probed: bool, **asked: str | None) -> int:
    """Say what this machine has for boxwright."""
    if is_probed:
        from boxwright.commands.clusters import probe_command

        return probe_command(**asked)
    from boxwright.commands.doctor import doctor_command

    return doctor_command(as_json=as_json)


def _with_backend(settings: Sequence[str], backend: str | None) -> Sequence[str]:
    """Return the ``key=value`` texts with the one that ``--backend`` stands for; it wins over ``--set``."""
    return settings if backend is None else (*settings, f"slots.backend={backend}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files may hold bytes that are no text
        sys.stdout.reconfigure(errors="backslashreplace")
    # Talk never fails: a study does not end because nobody listens any more.
    with contextlib.redirect_stderr(unbreakable(sys.stderr)):
        code = _guarded(words)
    sys.exit(code)


def _guarded(words: list[str]) -> int:  # noqa: PLR0911  one way out per kind of error
    """Return the exit code of a command; errors become one line, and only our own bugs a traceback."""
    try:
        # Not cli.main(): that would end a command whose reader has gone with exit code 1, as if runs had failed.
        with cli.make_context("boxwright", words) as context:
            code = cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        verb = getattr(getattr(error, "ctx", None), "command_path", "boxwright")
        # What an option is for says what it would have had to be.
        about = getattr(error.param, "help", None) if isinstance(error, click.MissingParameter) else None
        click.echo(f"{verb}: {one_line(error.format_message())}{f' {about}' if about else ''}", err=True)
        return 2
    except BoxwrightError as error:
        click.echo(f"boxwright: {error}", err=True)
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`boxwright results … | head`): nothing is wrong with the study.
        forget_reader(sys.stdout)
        return 0
    except Exception as error:  # noqa: BLE001  whatever is left is a bug of ours, and says so
        if isinstance(error, OSError) and error.errno in _DISK_TROUBLE:
            _drop_output()
            click.echo(f"boxwright: the system refused to write: {error.strerror}", err=True)
            return 2
        traceback.print_exc()
        click.echo(f"boxwright {__version__}: this is a bug; please report it with the lines above.", err=True)
        return 3
    return code if isinstance(code, int) else 0


def _drop_output() -> None:
    """Let go of what is left for a stdout that takes no more; Python would try it again at the very end."""
    try:
        sys.stdout.flush()
    except OSError:
        forget_reader(sys.stdout)
