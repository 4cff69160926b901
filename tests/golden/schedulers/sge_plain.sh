#!/bin/bash
#$ -N lenet-1a2b3c
#$ -S /bin/bash
#$ -cwd
#$ -r n
#$ -j y
#$ -notify

task="${SGE_TASK_ID/undefined/}"
export BOXWRIGHT_JOB="$JOB_ID${task:+.$task}"
export BOXWRIGHT_JOB_INDEX="$((${task:-1} - 1))"
cd -- /studies/lenet/jobs || exit 1
# The scheduler announces the end by USR2 to the whole process group, which the command is no part of.
trap 'kill -TERM "$child"' USR2 TERM
trap : USR1
setsid python -m work &
child=$!
while wait "$child"; code=$?; kill -0 "$child" 2>/dev/null; do :; done
exit "$code"
