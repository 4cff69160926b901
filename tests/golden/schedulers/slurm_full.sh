#!/bin/bash
#SBATCH --job-name=lenet-1a2b3c
#SBATCH --no-requeue
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --gres=gpu:2
#SBATCH --mem=16384M
#SBATCH --time=08:01:30
#SBATCH --partition=gpu
#SBATCH --account=proj-7
#SBATCH --first-option=1
#SBATCH --second-option

export BOXWRIGHT_JOB="${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}"
export BOXWRIGHT_JOB_INDEX="${SLURM_ARRAY_TASK_ID:-0}"
export BOXWRIGHT_JOB_END=$(($(date +%s) + 28890))
cd -- '/studies/le net/jobs' || exit 1
module load cuda/12.4
source ~/venv/bin/activate
exec python -m work 'it'"'"'s' 'a b' '$HOME'
