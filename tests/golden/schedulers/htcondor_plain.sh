#!/bin/bash
cd -- /studies/lenet/jobs || exit 1
exec python -m work
