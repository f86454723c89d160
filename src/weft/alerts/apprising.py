"""Messages through `apprise`: chat, mail, pagers and some hundred services more, each by a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.alerts import messages, webhooks
from weft.model import errors

if TYPE_CHECKING:
    import apprise

_KINDS = {"info": "info", "warning": "warning", "error": "failure", "critical": "failure"}


def send(url: str, message: messages.Message) -> None:
    """Send a message to the service that `url` names.

    Raises:
        MissingExtraError: apprise is not installed.
        SendingError: the service is not known, or did not take it.
    """
    service = _service(url)
    kind = "success" if message.about == "resolved" else _KINDS[message.severity]
    if not service.notify(
        title=messages.title(message), body=messages.text(message), notify_type=kind, body_format="text"
    ):
        raise webhooks.SendingError(f"The service {scheme_of(url)} did not take it.")


def check(url: str) -> None:
    """Look whether a URL is one that apprise can send to; nothing is sent.

    Raises:
        MissingExtraError, SendingError: as `send`.
    """
    _service(url)


def scheme_of(url: str) -> str:
    """The part of a URL that names the service, and has no secret."""
    scheme, colon, _ = url.partition("://")
    return f"{scheme}://" if colon else "of the channel"


def _service(url: str) -> apprise.Apprise:
    try:
        import apprise
    except ImportError as error:
        raise errors.MissingExtraError(
            package="apprise", extra="alerts", purpose="An alert channel with a `url`"
        ) from error
    service = apprise.Apprise()
    if not service.add(url):
        raise webhooks.SendingError(
            f"apprise cannot send to a URL that begins with {scheme_of(url)}: the service is unknown, or a part is "
            "missing.",
            remedy="See the page of the service in apprise's documentation for how its URL is written.",
        )
    return service
