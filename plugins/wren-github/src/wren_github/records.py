"""Results of the methods, parsed from the objects that GitHub returns."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AliasPath, BeforeValidator, Field

from wren_core import Record


def _repository(url: str) -> str:
    return "/".join(urlsplit(url).path.split("/")[1:3])


def _names(items: list[Any]) -> list[str]:
    return [item if isinstance(item, str) else item.get("name") or item["login"] for item in items]


# GitHub sends null if the account was deleted.
_Author = Annotated[
    str | None, Field(validation_alias=AliasPath("user", "login")), "Login name of the author; null if deleted"
]
_Repository = Annotated[str, Field(validation_alias="html_url"), BeforeValidator(_repository), "`owner/name`"]
_Url = Annotated[str, Field(validation_alias="html_url"), "URL of its page"]
_Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
_Text = Annotated[str, BeforeValidator(lambda text: text or "")]


class Issue(Record):
    """An issue, or the issue part of a pull request."""

    number: Annotated[int, "Number in its repository"]
    repository: _Repository
    title: Annotated[str, "Title"]
    body: Annotated[_Text, "Text in markdown"] = ""
    state: Annotated[str, "open or closed"]
    state_reason: Annotated[str | None, "Reason for the state, such as completed or not_planned"] = None
    is_pull_request: Annotated[bool, Field(validation_alias="pull_request"), BeforeValidator(bool), "Not an issue"] = (
        False
    )
    author: _Author = None
    labels: Annotated[_Names, "Names of its labels"] = ()
    assignees: Annotated[_Names, "Login names of the assignees"] = ()
    comments: Annotated[int, "Number of comments"] = 0
    url: _Url
    created_at: Annotated[datetime, "Time of opening"]
    updated_at: Annotated[datetime, "Time of the last change"]
    closed_at: Annotated[datetime | None, "Time of closing"] = None


class Comment(Record):
    """A comment on an issue or a pull request."""

    id: Annotated[int, "Id of the comment; the comment_id of delete_comment"]
    repository: _Repository
    author: _Author = None
    body: Annotated[_Text, "Text in markdown"] = ""
    url: _Url
    created_at: Annotated[datetime, "Time of writing"]


class PullRequest(Record):
    """A proposal to merge one branch into another."""

    number: Annotated[int, "Number in its repository"]
    repository: _Repository
    title: Annotated[str, "Title"]
    body: Annotated[_Text, "Text in markdown"] = ""
    state: Annotated[str, "open or closed"]
    draft: Annotated[bool, "Whether it is not ready for review"] = False
    merged_at: Annotated[datetime | None, "Time of the merge"] = None
    mergeable: Annotated[bool | None, "Whether it can be merged; null in lists, and while GitHub checks"] = None
    author: _Author = None
    head: Annotated[str, Field(validation_alias=AliasPath("head", "ref")), "Branch with the changes"]
    base: Annotated[str, Field(validation_alias=AliasPath("base", "ref")), "Branch to merge into"]
    url: _Url
    created_at: Annotated[datetime, "Time of opening"]


class CodeMatch(Record):
    """A file found by a search."""

    repository: Annotated[str, Field(validation_alias=AliasPath("repository", "full_name")), "`owner/name`"]
    path: Annotated[str, "Path of the file"]
    url: _Url
