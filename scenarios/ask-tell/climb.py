#!/usr/bin/env python3
"""An optimizer in 30 lines: a step from the best configuration so far, of any copy; the more runs, the smaller."""

import json
import random
import sys

best, least, told, ranges = {}, float("inf"), 0, {}


def say(**message):
    print(json.dumps(message), flush=True)


for line in sys.stdin:
    message = json.loads(line)
    kind = message["type"]
    if kind == "init":
        random.seed(message["random_seed"])
        for each in message["space"]["configspace"]["hyperparameters"]:
            ranges[each["name"]] = (each["lower"], each["upper"])
            best[each["name"]] = each["default_value"]
        say(type="ready", name="climb")
    elif kind == "tell":
        told += 1
        if message["cost"] is not None and message["cost"] < least:
            best, least = message["config"], message["cost"]
    elif kind == "ask":
        step = 0.3 * 0.9**told
        config = {
            name: min(max(random.gauss(best[name], step * (upper - lower)), lower), upper)
            for name, (lower, upper) in ranges.items()
        }
        say(type="proposal", id=message["id"], config=config, origin="climb")
