"""What the methods return, read from the objects GitHub sends."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AliasPath, BeforeValidator, Field

from wren_core import Record


def _repository(url: str) -> str:
    return "/".join(urlsplit(url).path.split("/")[1:3])


def _names(items: list[Any]) -> list[str]:
    return [item if isinstance(item, str) else item.get("name") or item["login"] for item in items]


# Nobody is left where an account was deleted: GitHub sends null then.
_Author = Annotated[
    str | None, Field(validation_alias=AliasPath("user", "login")), "Login name of the author; none for a ghost"
]
_Repository = Annotated[str, Field(validation_alias="html_url"), BeforeValidator(_repository), "`owner/name`"]
_Url = Annotated[str, Field(validation_alias="html_url"), "Its page"]
_Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
_Text = Annotated[str, BeforeValidator(lambda text: text or "")]


class Issue(Record):
    """An issue, or a pull request as the list of issues shows it."""

    number: Annotated[int, "Number in its repository"]
    repository: _Repository
    title: Annotated[str, "Title"]
    body: Annotated[_Text, "Text in markdown"] = ""
    state: Annotated[str, "open or closed"]
    state_reason: Annotated[str | None, "Why it is in that state, such as completed or not_planned"] = None
    is_pull_request: Annotated[bool, Field(validation_alias="pull_request"), BeforeValidator(bool), "Has changes"] = (
        False
    )
    author: _Author = None
    labels: Annotated[_Names, "Names of its labels"] = ()
    assignees: Annotated[_Names, "Login names of who works on it"] = ()
    comments: Annotated[int, "How many comments it has"] = 0
    url: _Url
    created_at: Annotated[datetime, "When it was opened"]
    updated_at: Annotated[datetime, "When it last changed"]
    closed_at: Annotated[datetime | None, "When it was closed"] = None


class Comment(Record):
    """A comment on an issue or a pull request."""

    id: Annotated[int, "Id of the comment; what delete_comment takes"]
    repository: _Repository
    author: _Author = None
    body: Annotated[_Text, "Text in markdown"] = ""
    url: _Url
    created_at: Annotated[datetime, "When it was written"]


class PullRequest(Record):
    """A proposal to merge one branch into another."""

    number: Annotated[int, "Number in its repository"]
    repository: _Repository
    title: Annotated[str, "Title"]
    body: Annotated[_Text, "Text in markdown"] = ""
    state: Annotated[str, "open or closed"]
    draft: Annotated[bool, "Not ready for review yet"] = False
    merged_at: Annotated[datetime | None, "When it was merged"] = None
    mergeable: Annotated[bool | None, "Whether it can be merged; none while GitHub finds out, and in lists"] = None
    author: _Author = None
    head: Annotated[str, Field(validation_alias=AliasPath("head", "ref")), "Branch with the changes"]
    base: Annotated[str, Field(validation_alias=AliasPath("base", "ref")), "Branch they go into"]
    url: _Url
    created_at: Annotated[datetime, "When it was opened"]


class CodeMatch(Record):
    """A file that a search found."""

    repository: Annotated[str, Field(validation_alias=AliasPath("repository", "full_name")), "`owner/name`"]
    path: Annotated[str, "Path of the file"]
    url: _Url
