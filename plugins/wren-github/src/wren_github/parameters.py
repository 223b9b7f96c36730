"""Parameters that several methods share, with the words people and models read about them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

# Part of a URL, so nothing may pass but what GitHub makes names of; `..` is none.
RepositoryName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+/\.?[A-Za-z0-9_-][A-Za-z0-9_.-]*$")]
Where = Annotated[RepositoryName | None, "`owner/name`; the configured default_repository when left out"]
Number = Annotated[int, Field(ge=1), "Number of the issue or pull request, as in its address"]
State = Annotated[Literal["open", "closed", "all"], "Which ones"]
Title = Annotated[str, Field(pattern=r"\S"), "Title, one line"]
Body = Annotated[str, "Text in GitHub's markdown; @name tells somebody"]
Labels = Annotated[tuple[str, ...], "Names of labels"]
People = Annotated[tuple[str, ...], "Login names of who shall work on it"]
Limit = Annotated[int, Field(ge=1, le=1000), "At most so many"]
