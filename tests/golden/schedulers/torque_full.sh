#!/bin/bash
#PBS -N lenet-1a2b3c
#PBS -S /bin/bash
#PBS -r n
#PBS -j oe
#PBS -l nodes=1:ppn=8:gpus=2
#PBS -l mem=16384mb
#PBS -l walltime=08:01:30
#PBS -q gpu
#PBS -A proj-7
#PBS --first-option=1
#PBS --second-option

export BOXWRIGHT_JOB="${PBS_JOBID%%.*}${SLURM_JOB_ID:-}"
export BOXWRIGHT_JOB_INDEX="${PBS_ARRAY_INDEX:-${PBS_ARRAYID:-0}}"
export BOXWRIGHT_JOB_END=$(($(date +%s) + 28890))
cd -- '/studies/le net/jobs' || exit 1
module load cuda/12.4
source ~/venv/bin/activate
exec python -m work 'it'"'"'s' 'a b' '$HOME'
