"""Parameters of `init(...)` and of the methods."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from wren_core import IntegrationConfig

Where = Annotated[str, "Path from the root of the share, such as /reports/may.pdf"]
Folder = Annotated[str, "Folder; default: the root of the share"]
Target = Annotated[str, "New path; nothing may exist there"]
Glob = Annotated[str, "Pattern of the name, such as *invoice*.pdf; upper and lower case are equal"]
Words = Annotated[str, "New text of the file"]
Etag = Annotated[str | None, "Replace only this version: the etag from read() or info()"]
Overwrite = Annotated[bool, "Replace any existing file; without it and without etag, only create a new file"]
File = Annotated[Path, "File on this machine to upload"]
Place = Annotated[Path, "Folder on this machine; no file is overwritten: a new one gets a number"]
Limit = Annotated[int, Field(ge=1, le=5000), "Maximum number of items"]


class ShareConfig(IntegrationConfig):
    """Settings of one instance."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s?#@]+$"), "URL of the share, such as https://host/dav/files/ann"]
    timeout_seconds: Annotated[int, Field(ge=1, le=300), "Time limit for the next bytes of a response, in seconds"] = 30
    max_file_mb: Annotated[int, Field(ge=1, le=10_000), "Size limit for downloads and uploads, in MB"] = 100
    max_text_mb: Annotated[int, Field(ge=1, le=50), "Size limit for read(), in MB"] = 2
