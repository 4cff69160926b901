"""The text of ``live-rundata-N.json``: an array of the instances, then an object for each finished run, all indented.

Each kind of object is written in full once; later only its ``@…-id`` stands there. As in SMAC v2 ids begin at 2, and
an object that has been written before uses one up, too, so that they have gaps. The runs are filled into forms:
Python's encoder, asked for indented text, takes five times as long.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping

from boxwright.materialise.values import java_double
from boxwright.store.smac2.encoding import Encoded
from boxwright.store.smac2.told import Facts, Instance, ToldRun

PCS_NAME = "param.pcs"

_INSTANCE = """{{
  "@pi-id" : {id},
  "pi-name" : {name},
  "pi-instance-specific-info" : {specific},
  "pi-features" : {features},
  "pi-instance-id(deprecated)" : {number}
}}"""
_RUN = """{{
  "r-rc" : {{
    "@rc-id" : {id},
    "rc-algo-exec-config" : {{
      "@algo-exec-config-id" : 2{command}
    }},
    "rc-cutoff" : {cutoff},
    "rc-pisp" : {{
      "@pisp-id" : {pair}
    }},
    "rc-pc" : {{
      "@pc-id" : {config}
    }},
    "rc-sample-idx" : 0
  }},
  "r-run-result" : "{status}",
  "r-runtime" : {runtime},
  "r-run-length" : {length},
  "r-quality" : {quality},
  "r-result-seed" : {seed},
  "r-addl-run-data" : {additional},
  "r-wallclock-time" : {wall}
}}"""
_COMMAND = """,
      "algo-exec" : {algo},
      "algo-exec-dir" : {folder},
      "algo-pcs" : {{
        "@pcs-id" : 2,
        "pcs-filename" : {pcs_name},
        "pcs-text" : {pcs},
        "pcs-subspace" : {{ }}
      }},
      "algo-cutoff" : {cutoff},
      "algo-deterministic" : {deterministic},
      "algo-tae-context" : {{ }}"""
_PAIR = """{id},
      "pisp-pi" : {{
        "@pi-id" : {instance}
      }},
      "pisp-seed" : {seed}"""
_CONFIG = """{id},
      "pc-pcs" : {{
        "@pcs-id" : 2
      }},
      "pc-settings" : {{
{settings}
      }},
      "pc-active-parameters" : [ {active} ],
      "pc-forbidden" : false,
      "pc-default" : {default}"""


class _Ids:
    """The ids of one kind of object."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}
        self._last = 1

    def of(self, key: Hashable) -> tuple[int, bool]:
        """Return the id of an object, and whether it is new."""
        self._last += 1
        number = self._known.setdefault(key, self._last)
        return number, number == self._last


class LiveText:
    """Makes the pieces of one file, in order."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._instances = {instance.name: number for number, instance in enumerate(facts.instances, start=2)}
        self._runs = 1
        self._pairs = _Ids()
        self._configs = _Ids()

    def head(self) -> str:
        """Return the array of the instances."""
        objects = [self._instance(number, each) for number, each in enumerate(self._facts.instances, start=1)]
        return f"[ {', '.join(objects)} ]"

    def run(self, run: ToldRun, encoded: Encoded, config: Hashable) -> str:
        """Return the object of the next run.

        Args:
            run: The run, on one of the instances.
            encoded: Its configuration.
            config: The same for equal configurations.
        """
        self._runs += 1
        pair, is_new_pair = self._pairs.of((run.instance, run.seed))
        config_id, is_new_config = self._configs.of(config)
        instance = self._instances[run.instance]
        return _RUN.format(
            id=self._runs,
            command="" if self._runs > 2 else self._command(),
            cutoff=java_double(run.cutoff_s),
            pair=_PAIR.format(id=pair, instance=instance, seed=run.seed) if is_new_pair else pair,
            config=_config(config_id, encoded) if is_new_config else config_id,
            status=run.status,
            runtime=java_double(run.runtime_s),
            length=java_double(run.length),
            quality=java_double(run.quality),
            seed=run.seed,
            additional=_text(run.additional),
            wall=java_double(run.wall_s),
        )

    def _instance(self, number: int, instance: Instance) -> str:
        return _INSTANCE.format(
            id=self._instances[instance.name],
            name=_text(instance.name),
            specific=_text(instance.specific),
            features=_table(instance.features),
            number=number,
        )

    def _command(self) -> str:
        facts = self._facts
        return _COMMAND.format(
            algo=_text(facts.algo),
            folder=_text(facts.folder),
            pcs_name=_text(PCS_NAME),
            pcs=_text(facts.pcs),
            cutoff=java_double(facts.cutoff_s),
            deterministic=_flag(facts.is_deterministic),
        )


def _config(number: int, encoded: Encoded) -> str:
    return _CONFIG.format(
        id=number,
        settings=",\n".join(f"        {_text(name)} : {_text(text)}" for name, text in encoded.settings.items()),
        active=", ".join(map(_text, encoded.active)),
        default=_flag(encoded.is_default),
    )


def _table(values: Mapping[str, float]) -> str:
    members = ",\n".join(f"    {_text(name)} : {java_double(value)}" for name, value in values.items())
    return f"{{\n{members}\n  }}" if members else "{ }"


def _flag(value: bool) -> str:
    return "true" if value else "false"


_text = json.JSONEncoder(ensure_ascii=False).encode
