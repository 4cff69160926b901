#!/bin/bash
#BSUB -J lenet-1a2b3c
#BSUB -o lenet-1a2b3c-%J-%I.log
#BSUB -rn
#BSUB -n 8
#BSUB -R "span[hosts=1]"
#BSUB -gpu "num=2"
#BSUB -R "rusage[mem=16384MB]"
#BSUB -W 482
#BSUB -q gpu
#BSUB -P proj-7
#BSUB --first-option=1
#BSUB --second-option

task="${LSB_JOBINDEX:-0}"
export BOXWRIGHT_JOB="$LSB_JOBID"
if [ "$task" -gt 0 ]; then BOXWRIGHT_JOB="$LSB_JOBID[$task]"; else task=1; fi
export BOXWRIGHT_JOB_INDEX="$((task - 1))"
export BOXWRIGHT_JOB_END=$(($(date +%s) + 28890))
cd -- '/studies/le net/jobs' || exit 1
module load cuda/12.4
source ~/venv/bin/activate
exec python -m work 'it'"'"'s' 'a b' '$HOME'
