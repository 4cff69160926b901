#!/bin/bash
#PBS -N lenet-1a2b3c
#PBS -S /bin/bash
#PBS -r n
#PBS -j oe
#PBS -l select=1:ncpus=1

export BOXWRIGHT_JOB="${PBS_JOBID%%.*}"
export BOXWRIGHT_JOB_INDEX="${PBS_ARRAY_INDEX:-${PBS_ARRAYID:-0}}"
cd -- /studies/lenet/jobs || exit 1
exec python -m work
