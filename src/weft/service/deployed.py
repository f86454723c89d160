"""The parameters of deployments: text in them may be a template, filled in when a run begins.

`{{ ds }}` and its like are of the run's interval, of the moment where there is none; `{{ now | strftime('%Y-%m-%d') }}`
is the moment at which the run begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from weft.model import errors, spelling


def filled_in(parameters: Mapping[str, Any], interval: tuple[int, int] | None, now: int, name: str) -> dict[str, Any]:
    """The parameters with their templates filled in; times are microseconds since the epoch.

    Raises:
        UsageError: a template names something that there is not, or is none.
    """
    import jinja2
    from jinja2 import sandbox

    environment = sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined)
    environment.filters["strftime"] = lambda moment, form: moment.strftime(form)
    environment.filters["ds"] = lambda moment: moment.strftime("%Y-%m-%d")
    environment.filters["ds_nodash"] = lambda moment: moment.strftime("%Y%m%d")
    environment.filters["ts"] = lambda moment: moment.isoformat()
    known = _known(interval, now)
    found: dict[str, Any] = {}
    for parameter, value in parameters.items():
        if not isinstance(value, str) or ("{{" not in value and "{%" not in value):
            found[parameter] = value
            continue
        try:
            found[parameter] = environment.from_string(value).render(known)
        except jinja2.TemplateError as error:
            missing = str(error).partition("'")[2].partition("'")[0]
            near = spelling.did_you_mean(missing, known) if missing else None
            raise errors.UsageError(
                f"The parameter {parameter!r} of the deployment {name!r} is the template {value!r}: {error}.",
                remedy=near or f"There are: {', '.join(sorted(known))}.",
            ) from None
    return found


def _known(interval: tuple[int, int] | None, now: int) -> dict[str, Any]:
    moment = _moment(now)
    start, end = (moment, moment) if interval is None else (_moment(interval[0]), _moment(interval[1]))
    return {
        "now": moment,
        "logical_date": start,
        "data_interval_start": start,
        "data_interval_end": end,
        "ds": f"{start:%Y-%m-%d}",
        "ds_nodash": f"{start:%Y%m%d}",
        "ts": start.isoformat(),
        "ts_nodash": f"{start:%Y%m%dT%H%M%S}",
        "timedelta": timedelta,
    }


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)
