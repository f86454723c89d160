#!/usr/bin/env bash
# Dagster > Software-Defined Assets > Materialization.
set -euo pipefail

# Materialize specific assets: exactly these, whatever their state
weft materialize raw_trades

# Bring an asset and all upstream dependencies to fresh: what is fresh already does not run
weft apply +daily_metrics --yes

# Everything
weft apply "*" --yes
