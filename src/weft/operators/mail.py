"""`email`: a message over a connection of kind smtp."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from email import message as messages
from email import utils as addressing
from pathlib import Path

from weft.connections import adapting, registry
from weft.model import errors
from weft.operators import defining


@defining.operator("email", templates=("to", "subject", "text", "html", "attachments", "cc", "bcc"))
def email(
    to: str | Sequence[str],
    subject: str,
    *,
    text: str = "",
    html: str = "",
    connection: str = "smtp",
    sender: str | None = None,
    cc: str | Sequence[str] = (),
    bcc: str | Sequence[str] = (),
    reply_to: str | None = None,
    attachments: Sequence[str] = (),
) -> str:
    """Send a message and return its id.

    Args:
        to: who gets it: addresses in a list, or in text with commas.
        subject: the subject, of one line.
        text: the message as plain text.
        html: the message as HTML; where both are given, the reader's program chooses.
        connection: the name of a connection of kind smtp.
        sender: the sender; the connection's `extra.sender`, else its login, unless given.
        cc: who gets it as well.
        bcc: who gets it without the others seeing it.
        reply_to: where answers go.
        attachments: paths of files that go with it.

    Raises:
        UsageError: there is no one to send it to, no message, no sender, or an attachment is not there.
        OSError, smtplib.SMTPException: the server refuses.
    """
    recipients, copies, hidden = _addresses(to), _addresses(cc), _addresses(bcc)
    if not recipients and not copies and not hidden:
        raise errors.UsageError("email: there is no one to send it to.", remedy='Write to="name@example.org".')
    if not text and not html:
        raise errors.UsageError("email: there is no message.", remedy="Give text= or html=.")
    for what, line in (("subject", subject), ("sender", sender or ""), ("reply_to", reply_to or "")):
        if "\n" in line or "\r" in line:
            raise errors.UsageError(f"email: the {what} {line!r} has several lines.", remedy="Write one line.")
    found = registry.get(connection)
    origin = sender or str(found.extra.get("sender") or found.login)
    if "@" not in origin:
        raise errors.UsageError(
            f"email: the sender is {origin!r}, which is no address.",
            remedy=f"Give sender=, or `sender` to the connection {connection!r}.",
        )
    message = _message(origin, recipients, copies, subject, text, html)
    if reply_to:
        message["Reply-To"] = reply_to
    for each in attachments:
        _attach(message, each)
    with adapting.smtp_client(found) as client:
        refused = client.send_message(message, from_addr=_bare(origin), to_addrs=[*recipients, *copies, *hidden])
    for address, (code, answer) in refused.items():
        defining.say(f"{address} was refused: {code} {answer.decode(errors='replace')}")
    defining.say(f"Sent {subject!r} to {len(recipients) + len(copies) + len(hidden) - len(refused)} addresses.")
    return str(message["Message-ID"])


def _message(
    origin: str, recipients: Sequence[str], copies: Sequence[str], subject: str, text: str, html: str
) -> messages.EmailMessage:
    message = messages.EmailMessage()
    message["From"] = origin
    if recipients:
        message["To"] = ", ".join(recipients)
    if copies:
        message["Cc"] = ", ".join(copies)
    message["Subject"] = subject
    message["Date"] = addressing.formatdate(localtime=False)
    message["Message-ID"] = addressing.make_msgid(domain=_bare(origin).rpartition("@")[2])
    if text:
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
    else:
        message.set_content(html, subtype="html")
    return message


def _attach(message: messages.EmailMessage, name: str) -> None:
    path = Path(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise errors.UsageError(
            f"email: the attachment {name!r} can't be read: {error.strerror}.", remedy="Check its path."
        ) from error
    main, _, sub = (mimetypes.guess_type(path.name)[0] or "application/octet-stream").partition("/")
    message.add_attachment(content, maintype=main, subtype=sub, filename=path.name)


def _addresses(given: str | Sequence[str]) -> list[str]:
    found = []
    for text in [given.replace(";", ",").strip().rstrip(",")] if isinstance(given, str) else given:
        if not text.strip():
            continue
        for name, address in addressing.getaddresses([text]):
            if "@" not in address or any(sign in text for sign in "\r\n"):
                raise errors.UsageError(
                    f"email: {text!r} is no address.",
                    remedy='Write name@example.org, or "Name, First" <name@example.org>.',
                )
            found.append(addressing.formataddr((name, address)) if name else address)
    return found


def _bare(address: str) -> str:
    return addressing.parseaddr(address)[1]
