#!/usr/bin/env bash
# Apache Airflow > Airflow 3.0 Architecture > DAG Versioning.
set -euo pipefail

# weft keeps the code of each pipeline with its source: nothing has to be switched on
weft run trading_analytics --partition 2024-01-15
sed -i 's/len(trades)/len(trades) + 0/' c10_taskflow.py
weft run trading_analytics --partition 2024-01-15

# Historical runs keep the version that they began with
weft pipelines trading_analytics --versions

# What changed between the last two
weft pipelines trading_analytics --diff
