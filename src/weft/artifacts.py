"""What bodies show to people: markdown, tables, links, images, plots and progress, under one public name."""

from weft.define.artifacts import Artifact as Artifact
from weft.define.artifacts import Progress as Progress
from weft.define.artifacts import create_image_artifact as create_image_artifact
from weft.define.artifacts import create_link_artifact as create_link_artifact
from weft.define.artifacts import create_markdown_artifact as create_markdown_artifact
from weft.define.artifacts import create_progress_artifact as create_progress_artifact
from weft.define.artifacts import create_table_artifact as create_table_artifact
from weft.define.artifacts import image as image
from weft.define.artifacts import link as link
from weft.define.artifacts import markdown as markdown
from weft.define.artifacts import plot as plot
from weft.define.artifacts import progress as progress
from weft.define.artifacts import table as table
from weft.define.artifacts import update_progress_artifact as update_progress_artifact
