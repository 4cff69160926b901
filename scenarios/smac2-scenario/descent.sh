#!/bin/sh
# Gradient descent on a quadratic function: how many steps until it is at the bottom? A step takes a hundredth of a second.
# SMAC v2's call: descent.sh INSTANCE SPECIFIC CUTOFF RUNLENGTH SEED -name value ...
export LC_ALL=C # the decimal point is a point

instance=${1:?"usage: descent.sh INSTANCE SPECIFIC CUTOFF RUNLENGTH SEED -name value ..."}
cutoff=$3
seed=$5
shift 5
step='' momentum='' beta=0
while [ $# -ge 2 ]; do
    case $1 in
    -step) step=$2 ;;
    -momentum) momentum=$2 ;;
    -beta) beta=$2 ;;
    *) echo "descent.sh: unknown parameter $1" >&2; exit 2 ;;
    esac
    shift 2
done

exec awk -v cutoff="$cutoff" -v seed="$seed" -v step="$step" -v momentum="$momentum" -v beta="$beta" '
{
    x = y = 1
    status = "TIMEOUT"
    while ((seconds = count * 0.01) < cutoff) {
        if (x * x + y * y < 1e-8) { status = "SAT"; break }
        if (x * x + y * y > 1e8) break
        vx = beta * vx - step * $1 * x; vy = beta * vy - step * $2 * y
        x += vx; y += vy
        count++
    }
    if (status == "TIMEOUT") seconds = cutoff
    printf "Result of algorithm run: %s, %.2f, %d, 0, %d\n", status, seconds, count, seed
}' "$instance"
