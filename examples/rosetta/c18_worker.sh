#!/usr/bin/env bash
# Prefect > Deployment and Infrastructure > Workers.
set -euo pipefail

weft work-pool create "trading-pool" --type process
weft run daily-trading-etl --param date=2024-01-15 --pool trading-pool

# Start a worker for a specific pool: it runs in your environment, and code never leaves your infrastructure
weft worker start --pool "trading-pool" --until-idle
