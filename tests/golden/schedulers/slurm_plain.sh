#!/bin/bash
#SBATCH --job-name=lenet-1a2b3c
#SBATCH --no-requeue
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1

export BOXWRIGHT_JOB="${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}"
export BOXWRIGHT_JOB_INDEX="${SLURM_ARRAY_TASK_ID:-0}"
cd -- /studies/lenet/jobs || exit 1
exec python -m work
