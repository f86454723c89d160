"""A fresh interpreter as the zygote: `python -m weft.executors.spawned DESCRIPTOR`.

For drivers that have several threads and so can't be forked. Its workers import the user's code after they were
forked, each for itself, so that threads which an import starts are the worker's own.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import NoReturn

import msgspec

from weft.executors import settings, zygote


def main() -> NoReturn:
    """Read the settings from the socket, which is named on the command line, and be the zygote."""
    control = socket.socket(fileno=int(sys.argv[1]))
    content = b""
    while not content.endswith(b"\0"):
        packet = control.recv(zygote.LARGEST_PACKET)
        if not packet:
            os._exit(0)
        content += packet
    told = msgspec.json.decode(content[:-1], type=settings.SpawnSettings)
    sys.path[:] = told.import_path
    sys.argv[:] = ["weft"]
    if told.python_path is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = told.python_path
    zygote.serve(control, told.worker, told.loader.load)


if __name__ == "__main__":
    main()
