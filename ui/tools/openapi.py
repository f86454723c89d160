"""Prints the API's OpenAPI document, as a server of this source would give it; no server runs."""

import sys

from weft.surfaces.http import description

sys.stdout.buffer.write(description.content())
