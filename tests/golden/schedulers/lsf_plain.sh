#!/bin/bash
#BSUB -J lenet-1a2b3c
#BSUB -o lenet-1a2b3c-%J-%I.log
#BSUB -rn
#BSUB -n 1
#BSUB -R "span[hosts=1]"

task="${LSB_JOBINDEX:-0}"
export BOXWRIGHT_JOB="$LSB_JOBID"
if [ "$task" -gt 0 ]; then BOXWRIGHT_JOB="$LSB_JOBID[$task]"; else task=1; fi
export BOXWRIGHT_JOB_INDEX="$((task - 1))"
cd -- /studies/lenet/jobs || exit 1
exec python -m work
