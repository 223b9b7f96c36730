"""What `init(...)` and the methods take."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from wren_core import IntegrationConfig

Where = Annotated[str, "Path from the root of the share, such as /reports/may.pdf"]
Folder = Annotated[str, "Folder; the root of the share where left out"]
Target = Annotated[str, "Where it goes; nothing may be there yet"]
Glob = Annotated[str, "What the name looks like, such as *invoice*.pdf; upper and lower case are alike"]
Words = Annotated[str, "What it shall say"]
Etag = Annotated[str | None, "Replace this version and no other: the etag that read() or info() gave"]
Overwrite = Annotated[bool, "Replace whatever is there; without it, and without etag, only a new file is made"]
File = Annotated[Path, "File on this machine to send"]
Place = Annotated[Path, "Folder on this machine; a file of that name in it is kept, and the new one gets a number"]
Limit = Annotated[int, Field(ge=1, le=5000), "At most this many"]


class ShareConfig(IntegrationConfig):
    """Settings of one instance."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s?#@]+$"), "Address of the share, https://host/dav/files/ann"]
    timeout_seconds: Annotated[int, Field(ge=1, le=300), "Longest wait for the next bytes of an answer"] = 30
    max_file_mb: Annotated[int, Field(ge=1, le=10_000), "Largest file that is downloaded or uploaded, in MB"] = 100
    max_text_mb: Annotated[int, Field(ge=1, le=50), "Largest file that read() returns, in MB"] = 2
