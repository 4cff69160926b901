#!/bin/sh
# Branin's function of two variables, a classic test of optimizers; its minimum is 0.397887.
# Usage: branin.sh SEED --x1 NUMBER --x2 NUMBER
export LC_ALL=C # the decimal point is a point

seed=${1:?"usage: branin.sh SEED --x1 NUMBER --x2 NUMBER"}
shift
while [ $# -ge 2 ]; do
    case $1 in
    --x1) x1=$2 ;;
    --x2) x2=$2 ;;
    *) echo "branin.sh: unknown flag $1" >&2; exit 2 ;;
    esac
    shift 2
done

exec awk -v seed="$seed" -v x1="$x1" -v x2="$x2" '
BEGIN {
    number = "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$"
    if (x1 !~ number || x2 !~ number) {
        print "branin.sh: x1 and x2 must be numbers, found \"" x1 "\" and \"" x2 "\"" > "/dev/stderr"
        exit 2
    }
    pi = atan2(0, -1)
    parabola = x2 - 5.1 / (4 * pi ^ 2) * x1 ^ 2 + 5 / pi * x1 - 6
    y = parabola ^ 2 + 10 * (1 - 1 / (8 * pi)) * cos(x1) + 10
    printf "Result of algorithm run: SUCCESS, 0, 0, %.9f, %d\n", y, seed
}'
