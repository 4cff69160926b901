"""TOML scenarios, whole files and what ``--set`` says."""

from __future__ import annotations

from pathlib import Path

from boxwright.errors import UserError
from boxwright.scenario import load_scenario
from boxwright.space import load_space
from fuzz.mutating import Kind

_SMALL = """\
[study]
objective = { metric = "loss", direction = "minimize" }
[space]
x = { type = "float", lower = 0, upper = 1 }
[command]
argv = ["true", "{{ seed }}"]
flags = "--name value"
[optimizer]
runs = 3
seeds = 2
"""
_LARGE = """\
[study]
noisy = true
[space]
c = { type = "categorical", choices = ["a", 1, true], default = 1 }
n = { type = "int", lower = 1, upper = 9, log = true, when = "c in {a}" }
forbidden = ["{c=a, n=4}"]
[command]
line = "true {{ n }}"
[parse]
regex = { quality = 'q: (.*)' }
[limits]
cutoff_s = 2.5
memory = "1 GiB"
[design]
kind = "grid"
levels = { n = [1, 4] }
[slots]
count = 2
"""
_EXTERNAL = """\
extends = "sound.toml"
[study]
name = "a b"
retries = 2
objective = { metric = "quality", penalty = 1e9 }
[instances]
names = ["a", "b"]
[environment]
set = { A = "1", B = "{{ seed }}" }
[outputs]
collect = ["*.csv"]
discard = "failures"
[limits]
wallclock_s = 3600
output = 1000000
first_failures = 0
[parse]
tab = true
json = "result.json"
duplicates = "last"
[postprocess]
argv = ["true"]
[optimizer]
command = "smac --seed {seed}"
copies = 2
unknown = "accept"
"""
_WORDS = (
    *("0", "1", "-1", "2.5", "true", "false", '"a"', '["a", "b"]', "[1, 2]", "{ a = 1 }", '"1 GiB"', '"maximize"'),
    *("[study]", "[space]", "[limits]", "[[design]]", "runs = ", "seeds", "kind", "lower", "upper", "log = true"),
    *('type = "int"', 'type = "normal"', "choices = []", "when = 'x > 0'", "[]", "{}", '""', "'''", "{{ x }}", "{%"),
    *("1979-05-27", "0x1F", "+inf", "1e400", "\\uD800", "a.b.c = 1", "[" * 200, "{a=" * 100),
)


def _file(data: bytes) -> object:
    Path("sound.toml").write_text(_SMALL)
    path = Path("mutated.toml")
    path.write_bytes(data)
    loaded = load_scenario(path)
    again = Path("again.toml")
    again.write_text(loaded.text, "utf-8")
    assert load_scenario(again).scenario == loaded.scenario
    return load_space(loaded.scenario.space, place="mutated.toml", folder=loaded.folder)


def _override(data: bytes) -> object:
    path = Path("sound.toml")
    path.write_text(_SMALL)
    return load_scenario(path, [data.replace(b"\0", b"").decode("utf-8", "surrogateescape")])


TOML = Kind("toml-file", 16, (_SMALL, _LARGE, _EXTERNAL), _file, (UserError,), _WORDS)
OVERRIDE = Kind(
    "toml-override",
    4,
    ("optimizer.runs=30", "space.x.upper=2.5", "study.objective.direction=maximize", 'command.argv=["true"]'),
    _override,
    (UserError,),
    _WORDS,
)
