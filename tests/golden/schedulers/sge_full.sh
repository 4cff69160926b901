#!/bin/bash
#$ -N lenet-1a2b3c
#$ -S /bin/bash
#$ -cwd
#$ -r n
#$ -j y
#$ -notify
#$ -pe smp 8
#$ -l gpu=2
#$ -l mem_free=16384M
#$ -l h_rt=28890
#$ -q gpu
#$ -P proj-7
#$ --first-option=1
#$ --second-option

task="${SGE_TASK_ID/undefined/}"
export BOXWRIGHT_JOB="$JOB_ID${task:+.$task}"
export BOXWRIGHT_JOB_INDEX="$((${task:-1} - 1))"
export BOXWRIGHT_JOB_END=$(($(date +%s) + 28890))
cd -- '/studies/le net/jobs' || exit 1
module load cuda/12.4
source ~/venv/bin/activate
# The scheduler announces the end by USR2 to the whole process group, which the command is no part of.
trap 'kill -TERM "$child"' USR2 TERM
trap : USR1
setsid python -m work 'it'"'"'s' 'a b' '$HOME' &
child=$!
while wait "$child"; code=$?; kill -0 "$child" 2>/dev/null; do :; done
exit "$code"
