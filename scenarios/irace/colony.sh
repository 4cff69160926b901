#!/bin/sh
# The black box: colony.sh INSTANCE SEED --ants N --rho R --local no|2opt [--dlb on|off]
# An ant colony that is none: its cost is least near ants = 25, rho = INSTANCE / 10, and above rho = 0.8 it breaks down.
instance=$1 seed=$2
shift 2
awk -v instance="$instance" -v seed="$seed" -v words="$*" 'BEGIN {
    n = split(words, word, " ")
    for (k = 1; k < n; k += 2) value[substr(word[k], 3)] = word[k + 1]
    if (value["rho"] > 0.8) exit 3
    cost = (value["rho"] - instance / 10) ^ 2 + ((value["ants"] - 25) / 50) ^ 2
    cost += (value["local"] == "no") + 0.1 * (value["dlb"] == "off") + seed % 7 / 1000
    printf "Result of algorithm run: SUCCESS, 0.01, -1, %.8f, %d\n", cost, seed
}'
