"""Connecting to addresses that a setting names, without being led into the machine's own network.

The address is judged after its name was resolved, and the connection goes to that very address: a name that resolves to
something else a moment later gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from weft.model import errors

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEVER = tuple(
    ipaddress.ip_network(each)
    for each in (
        "169.254.0.0/16",
        "fe80::/10",
        "fd00:ec2::254/128",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "168.63.129.16/32",
        "0.0.0.0/8",
        "::/128",
    )
)
"""Link-local addresses and those of the metadata services of clouds."""
_CARRIERS = tuple(
    ipaddress.IPv6Network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")
)
"""IPv6 networks whose last 32 bits are an IPv4 address: NAT64, its local form, translated, and compatible ones."""
_ITSELF = (ipaddress.IPv6Address("::"), ipaddress.IPv6Address("::1"))


class RefusedAddressError(errors.WeftError):
    """An address that must not be connected to."""

    code = "refused-address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What is allowed besides public addresses."""

    private: bool = False
    loopback: bool = False


def problem_with(address: Address, allowed: Allowed) -> str | None:
    """Why an address must not be connected to, None where it may."""
    address = _within(address)
    if any(address.version == network.version and address in network for network in _NEVER):
        return "it is link-local, or serves the metadata of a cloud"
    if address.is_loopback:
        return None if allowed.loopback else "it is this machine (allow_loopback = true allows it)"
    if address.is_multicast or address.is_unspecified:
        return "it is no address of a single machine"
    if address.is_global and not (isinstance(address, ipaddress.IPv6Address) and address.is_site_local):
        return None
    return None if allowed.private else "it is not public (allow_private = true allows it)"


def _within(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address not in _ITSELF and any(address in network for network in _CARRIERS):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def connect(host: str, port: int, *, timeout: float, allowed: Allowed) -> socket.socket:
    """Connect to the first address of a host that may be connected to and answers.

    Raises:
        RefusedAddressError: one of its addresses must not be connected to.
        OSError: the name is not known, or nothing answers.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for _, _, _, _, place in found:
        problem = problem_with(ipaddress.ip_address(str(place[0]).partition("%")[0]), allowed)
        if problem is not None:
            raise RefusedAddressError(
                f"{host} is at {place[0]}, which weft does not connect to: {problem}.",
                remedy="Name another host, or allow it in the settings of the channel.",
            )
    last: OSError | None = None
    for family, kind, protocol, _, place in found:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(timeout)
            connection.connect(place)
        except OSError as error:
            connection.close()
            last = error
        else:
            return connection
    raise last or OSError(f"{host} has no address")
