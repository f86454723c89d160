"""The project is on the import path of its tests, as weft puts it there for its runs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
