"""The morning brief goes out once a person has looked at it: a flow that waits, without holding a worker."""

import pydantic

from trading.vendor import PROJECT
from weft import artifacts, flow, suspend, task

OUTBOX = PROJECT / "outbox"


class Approval(pydantic.BaseModel):
    """What the desk says to a brief."""

    approved: bool
    note: str = ""


@task
def send(name: str, text: str) -> str:
    """Put the page where its readers look."""
    OUTBOX.mkdir(exist_ok=True)
    file = OUTBOX / f"{name}.md"
    file.write_text(text)
    return str(file.relative_to(PROJECT))


@flow(tags=["report"])
def publish_brief(name: str = "stocks-of-2012", text: str = "The stocks of 2012, best first.") -> str:
    """Ask the desk whether a page may go out, and send it."""
    artifacts.markdown(text, key="brief-to-approve", description="The page that waits for a yes")
    answer = suspend(Approval, message=f"May {name} go out?")
    if not answer.approved:
        return f"not sent: {answer.note or 'no reason given'}"
    return send(name, text)
