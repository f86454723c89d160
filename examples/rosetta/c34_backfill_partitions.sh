#!/usr/bin/env bash
# Dagster > Partitioned Assets > Backfilling partitions.
set -euo pipefail

# Backfill January 2024
weft apply daily_metrics --partitions 2024-01-01..2024-01-31 --yes

# The partition strip
weft partitions daily_metrics
