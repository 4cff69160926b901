"""What a person can do from the page: each asked to be confirmed, then told to the controller, which keeps a log."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from boxwright.errors import UserError
from boxwright.scenario.smac2.values import UNLIMITED
from boxwright.serve.desk import Desk
from boxwright.serve.overview import shell
from boxwright.serve.rendering import page
from boxwright.serve.studies import desk_of, run_of
from boxwright.study.control import Order, give_order


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done, in the words of the question whether to do it.

    Attributes:
        title: What the button says.
        question: What is asked.
        effect: What it means.
        order: What the controller is told; the run or the number is filled in.
        of_run: Whether it is about one run.
        asks: What it wants a number of; empty for nothing.
        is_grave: Whether something is lost by it.
    """

    title: str
    question: str
    effect: str
    order: Order
    of_run: bool = False
    asks: str = ""
    is_grave: bool = False


ACTS = {
    "pause": Act(
        "Pause",
        "Pause the study?",
        "No new run is started until you let it go on. Runs under way go on to their end.",
        Order(do="pause"),
    ),
    "continue": Act("Go on", "Let the study go on?", "Free slots get their next runs at once.", Order(do="continue")),
    "stop": Act(
        "Stop",
        "Stop the study?",
        "No new run is started; those under way go on to their end, and then the controller ends. "
        "boxwright resume takes the study up again.",
        Order(do="stop"),
    ),
    "stop-now": Act(
        "Stop now",
        "Stop the study and its runs?",
        "The runs under way are stopped, and the controller ends. boxwright resume runs their trials again.",
        Order(do="stop", now=True),
        is_grave=True,
    ),
    "extend": Act(
        "More runs",
        "Give the study more runs?",
        "It goes on until there are so many runs in all, and its scenario says so from then on. "
        "Runs made again with another seed come on top.",
        Order(do="extend"),
        asks="Runs in all",
    ),
    "slots": Act(
        "More slots",
        "Change the number of slots?",
        "Jobs of the batch system are asked for, or given back as their runs end, until there are so many slots.",
        Order(do="slots"),
        asks="Slots in all",
    ),
    "kill": Act(
        "Kill",
        "Kill this run?",
        "Its processes are stopped, and its trial counts as KILLED.",
        Order(do="kill"),
        of_run=True,
        is_grave=True,
    ),
    "retry": Act(
        "Retry",
        "Run this trial once more?",
        "The same configuration runs with the same seed; this outcome does not count any more.",
        Order(do="retry"),
        of_run=True,
    ),
    "again": Act(
        "Run again with another seed",
        "Run this configuration with another seed?",
        "It is one run more than the scenario asks for. Its optimizer does not hear of it.",
        Order(do="again"),
        of_run=True,
    ),
}


def ask(request: Request) -> Response:
    """Ask whether something is to be done."""
    desk, name, act, run = _asked(request)
    return _question(request, desk, name, act, run)


def act(request: Request) -> Response:
    """Do it, and show where it can be seen."""
    desk, name, wanted, run = _asked(request)
    order = wanted.order
    try:
        if wanted.asks:
            order = _with_number(order, request.state.form.get("number", ""))
        answer = give_order(desk.folder, order if run is None else Order(do=order.do, run=run))
    except UserError as error:
        return _question(request, desk, name, wanted, run, refused=error.problem)
    if not answer.done:
        return _question(request, desk, name, wanted, run, refused=answer.text)
    desk.refresh(now=True)
    return RedirectResponse(f"/s/{desk.key}/" if run is None else f"/s/{desk.key}/runs/{run}", 303)


def _with_number(order: Order, text: str) -> Order:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 16):
        raise UserError(f'found "{text[:40]}"; give a whole number.')
    return Order(do="slots", slots=text) if order.do == "slots" else Order(do="extend", runs=int(text))


def _asked(request: Request) -> tuple[Desk, str, Act, int | None]:
    desk = desk_of(request)
    name = request.path_params["act"]
    run = run_of(desk, request).run if "run" in request.path_params else None
    wanted = ACTS.get(name)
    if wanted is None or wanted.of_run != (run is not None):
        raise HTTPException(404, "There is no such thing to do.")
    return desk, name, wanted, run


def _question(
    request: Request, desk: Desk, name: str, wanted: Act, run: int | None, *, refused: str = ""
) -> Response:
    return page(
        request,
        "confirm",
        status_code=409 if refused else 200,
        **shell(desk, "runs" if run else "overview"),
        act=wanted,
        name=name,
        run=run,
        refused=refused,
        asked_for=_asked_for(desk) if name == "extend" else None,
    )


def _asked_for(desk: Desk) -> int | None:
    """Return how many runs the scenario asks for; None where it says no number."""
    chooser = desk.scenario.design or desk.scenario.optimizer
    return None if chooser is None or chooser.runs is None or chooser.runs >= UNLIMITED else chooser.runs
