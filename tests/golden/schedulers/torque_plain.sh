#!/bin/bash
#PBS -N lenet-1a2b3c
#PBS -S /bin/bash
#PBS -r n
#PBS -j oe
#PBS -l nodes=1:ppn=1

export BOXWRIGHT_JOB="${PBS_JOBID%%.*}${SLURM_JOB_ID:-}"
export BOXWRIGHT_JOB_INDEX="${PBS_ARRAY_INDEX:-${PBS_ARRAYID:-0}}"
cd -- /studies/lenet/jobs || exit 1
exec python -m work
