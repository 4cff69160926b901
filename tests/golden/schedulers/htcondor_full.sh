#!/bin/bash
export BOXWRIGHT_JOB_END=$(($(date +%s) + 28890))
cd -- '/studies/le net/jobs' || exit 1
module load cuda/12.4
source ~/venv/bin/activate
exec python -m work 'it'"'"'s' 'a b' '$HOME'
