#!/usr/bin/env bash
# Apache Airflow > Airflow 3.0 Architecture > Scheduler-Managed Backfills.
set -euo pipefail

# A backfill is a plan over many intervals: resumable, and what has succeeded does not run again
weft backfill trading_analytics 2024-01-01..2024-01-31
