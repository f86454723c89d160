"""The vendor for those who ask by hand: one of it in a process."""

import functools

from trading.vendor import Vendor


@functools.cache
def vendor() -> Vendor:
    """The vendor, with its history read."""
    found = Vendor()
    found.setup()
    return found
