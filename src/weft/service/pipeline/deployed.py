"""The parameters of deployments, and defaults of those of DAGs: text may be a template, filled in when a run begins.

`{{ ds }}` and its like are of the run's interval, of the moment where there is none; `{{ now | strftime('%Y-%m-%d') }}`
is the moment at which the run begins.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from weft.model import errors, pipelines, spelling
from weft.worker.tasks import names


def filled_in(
    parameters: Mapping[str, Any],
    interval: tuple[int, int] | None,
    now: int,
    name: str,
    *,
    of: str = "deployment",
    zone: str = "UTC",
) -> dict[str, Any]:
    """The parameters with their templates filled in; times are microseconds since the epoch, dates those of `zone`.

    Raises:
        UsageError: a template names something that there is not, or is none.
    """
    if not any(is_template(value) for value in parameters.values()):
        return dict(parameters)
    import jinja2
    from jinja2 import sandbox

    environment = sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined)
    environment.filters["strftime"] = lambda moment, form: moment.strftime(form)
    environment.filters["ds"] = lambda moment: moment.strftime("%Y-%m-%d")
    environment.filters["ds_nodash"] = lambda moment: moment.strftime("%Y%m%d")
    environment.filters["ts"] = lambda moment: moment.isoformat()
    known = _known(interval, now, zoneinfo.ZoneInfo(zone) if zone != "UTC" else UTC)
    found: dict[str, Any] = {}
    for parameter, value in parameters.items():
        if not is_template(value):
            found[parameter] = value
            continue
        try:
            found[parameter] = environment.from_string(value).render(known)
        except jinja2.TemplateError as error:
            missing = str(error).partition("'")[2].partition("'")[0]
            near = spelling.did_you_mean(missing, known) if missing else None
            raise errors.UsageError(
                f"The parameter {parameter!r} of the {of} {name!r} is the template {value!r}: {error}.",
                remedy=near or f"There are: {', '.join(sorted(known))}.",
            ) from None
    return found


def defaults(
    pipeline: pipelines.Pipeline,
    schema: Mapping[str, Mapping[str, Any]],
    interval: tuple[int, int] | None,
    now: int,
) -> dict[str, Any]:
    """The defaults of a pipeline's parameters that are templates, filled in for a run.

    Raises:
        UsageError: a template names something that there is not, or is none.
    """
    templates = {name: each["default"] for name, each in schema.items() if is_template(each.get("default"))}
    of = "DAG" if pipeline.kind == "dag" else pipeline.kind
    zone = pipeline.schedule.timezone if pipeline.schedule is not None else "UTC"
    return filled_in(templates, interval, now, pipeline.name, of=of, zone=zone)


def is_template(value: object) -> bool:
    """Tell whether a value of a parameter is filled in when a run begins."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def _known(interval: tuple[int, int] | None, now: int, zone: tzinfo) -> dict[str, Any]:
    moment = _moment(now, zone)
    start, end = (moment, moment) if interval is None else (_moment(interval[0], zone), _moment(interval[1], zone))
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
        "macros": names.MACROS,
    }


def _moment(microseconds: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, zone)
