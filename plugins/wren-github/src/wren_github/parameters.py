"""Parameters that several methods share, with their descriptions."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

# Names become part of URLs, so only the characters of GitHub's names are allowed, and `..` is not.
RepositoryName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+/\.?[A-Za-z0-9_-][A-Za-z0-9_.-]*$")]
Where = Annotated[RepositoryName | None, "`owner/name`; default: the configured default_repository"]
Number = Annotated[int, Field(ge=1), "Number of the issue or pull request, as in its URL"]
State = Annotated[Literal["open", "closed", "all"], "Only those in this state"]
Title = Annotated[str, Field(pattern=r"\S"), "Title, one line"]
Body = Annotated[str, "Text in GitHub's markdown; @name notifies that user"]
Labels = Annotated[tuple[str, ...], "Label names"]
People = Annotated[tuple[str, ...], "Login names of the assignees"]
Limit = Annotated[int, Field(ge=1, le=1000), "Maximum number of items"]
