#!/usr/bin/env bash
# Prefect > Deployment and Infrastructure > Work Pools.
set -euo pipefail

# Create a work pool: different infrastructure for different needs
weft work-pool create "trading-pool" --type process --slots 2
weft work-pool ls

# A run waits in the pool until a worker takes it
weft run daily-trading-etl --param date=2024-01-15 --pool trading-pool
weft runs
