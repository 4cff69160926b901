"""The environment of a run, and what of it is written down."""

from __future__ import annotations

import dataclasses
import uuid
from pathlib import Path

from boxwright.materialise import RunContext, mask_secrets
from boxwright.materialise.environment import added_environment, inherited_environment
from boxwright.scenario.model import Command, Environment, Limits, Scenario
from boxwright.terms import Slot, Trial


def scenario(
    environment: Environment | None = None, *, cutoff_s: float | None = None, smac2: bool = False
) -> Scenario:
    return Scenario(
        command=Command(argv=("true",), flags="smac2" if smac2 else "none"),
        space={},
        environment=environment or Environment(),
        limits=Limits(cutoff_s=cutoff_s),
    )


def context(slot: Slot, instance: str | None = None, budget: float | None = None) -> RunContext:
    trial = Trial(5, {}, instance=instance, seed=7, budget=budget)
    return RunContext(17, trial, slot, Path("/study/run"), Path("/study"), "id")


def test_run_hears_of_its_trial_and_slot() -> None:
    added = added_environment(context(Slot(2, threads=3), "a.cnf", 8), scenario(cutoff_s=2.5, smac2=True), {})
    ours = {name.removeprefix("BOXWRIGHT_"): value for name, value in added.items() if name.startswith("BOXWRIGHT_")}
    assert ours == {
        "RUN": "17",
        "TRIAL": "5",
        "SLOT": "2",
        "SEED": "7",
        "STUDY": "/study",
        "TOKEN": "id:17",
        "CUTOFF_S": "2.5",
        "INSTANCE": "a.cnf",
        "BUDGET": "8",
    }
    assert added["OMP_NUM_THREADS"] == added["TF_NUM_INTRAOP_THREADS"] == "3"
    assert added["AEATK_CONCURRENT_TASK_ID"] == "2"


def test_run_of_a_wrapper_of_smac_v2_has_an_identifier_of_its_own() -> None:
    first = context(Slot(0))
    contexts = (first, dataclasses.replace(first, run=18), dataclasses.replace(first, mark="other"))
    found = [added_environment(each, scenario(smac2=True), {})["AEATK_EXECUTION_UUID"] for each in contexts]
    assert [str(uuid.UUID(text)) for text in found] == found
    assert len(set(found)) == 3
    assert not any("AEATK" in name for name in added_environment(first, scenario(), {}))


def test_slot_without_gpus_leaves_them_as_they_are() -> None:
    added = added_environment(context(Slot(0)), scenario(), {})
    assert not any("DEVICES" in name for name in added)
    assert "BOXWRIGHT_CUTOFF_S" not in added


def test_slot_with_gpus_shows_only_those() -> None:
    added = added_environment(context(Slot(0, gpus=("1", "GPU-5e"))), scenario(), {})
    assert added["CUDA_VISIBLE_DEVICES"] == added["HIP_VISIBLE_DEVICES"] == added["BOXWRIGHT_GPUS"] == "1,GPU-5e"
    assert added["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert "ROCR_VISIBLE_DEVICES" not in added


def test_scenario_overrules_what_boxwright_sets_except_the_token() -> None:
    settings = {"OMP_NUM_THREADS": "9", "BOXWRIGHT_TOKEN": "mine"}
    added = added_environment(context(Slot(0)), scenario(Environment(unset=("MKL_NUM_THREADS",))), settings)
    assert added["OMP_NUM_THREADS"] == "9"
    assert "MKL_NUM_THREADS" not in added
    assert added["BOXWRIGHT_TOKEN"] == "id:17"


def test_run_inherits_what_the_scenario_lets_it() -> None:
    outer = {"PATH": "/bin", "A": "1", "BOXWRIGHT_CUTOFF_S": "3", "AEATK_CONCURRENT_TASK_ID": "4"}
    assert inherited_environment(scenario(), outer) == {"PATH": "/bin", "A": "1"}
    assert inherited_environment(scenario(Environment(unset=("A",))), outer) == {"PATH": "/bin"}
    assert inherited_environment(scenario(Environment(inherit=False)), outer) == {}


def test_secrets_are_masked_by_their_names() -> None:
    secret = [
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "db_password",
        "OPENAI_API_KEY",
        "SSH_AUTH_SOCK",
        "KEY",
        "SENTRY_DSN",
    ]
    plain = ["PATH", "PWD", "OLDPWD", "BOXWRIGHT_TOKEN", "OMP_NUM_THREADS", "KEYBOARD", "MONKEY", "LANG", "HOME"]
    masked = mask_secrets(dict.fromkeys([*secret, *plain], "value"))
    assert {name for name, value in masked.items() if value == "***"} == set(secret)


def test_logins_in_addresses_are_masked() -> None:
    found = mask_secrets({"PROXY": "http://me:pass@host:80/x a@b", "URL": "https://host/a@b"})
    assert found == {"PROXY": "http://***@host:80/x a@b", "URL": "https://host/a@b"}
