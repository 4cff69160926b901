#!/bin/sh
# An optimizer in a shell and awk: it draws at random, and needs none of what it is told.
export LC_ALL=C # the decimal point is a point
drawn=0

# Prints what follows "NAME": in a line of JSON, up to the next comma or brace.
number() { rest=${line#*\"$1\":}; echo "${rest%%[,\}]*}"; }

while read -r line; do
    case $line in
    '{"type":"init"'*)
        seed=$(number random_seed)
        echo '{"type":"ready","name":"chance"}' ;;
    '{"type":"ask"'*)
        drawn=$((drawn + 1))
        awk -v id="$(number id)" -v seed=$((seed + 7919 * drawn)) 'BEGIN {
            srand(seed); rand()
            printf "{\"type\":\"proposal\",\"id\":%d,\"origin\":\"chance\",", id
            printf "\"config\":{\"x1\":%.6f,\"x2\":%.6f}}\n", -5 + 15 * rand(), 15 * rand()
        }' ;;
    esac
done
