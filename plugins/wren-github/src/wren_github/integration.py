"""The integration: its spec, its configuration and its methods."""

from collections.abc import Callable
from itertools import islice
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from wren_core import (
    CredentialSpec,
    CredentialType,
    Integration,
    IntegrationConfig,
    IntegrationSpec,
    InvalidInput,
    OAuth2Config,
    Record,
    UndoSpec,
    method,
)
from wren_core.http_client import HttpClient
from wren_core.json_pointer import find_or_none
from wren_github.api import HEADERS, following, items_of, verdict
from wren_github.parameters import Body, Labels, Limit, Number, People, RepositoryName, State, Title, Where
from wren_github.records import CodeMatch, Comment, Issue, PullRequest

R = TypeVar("R", bound=Record)

_REPO = ("repo",)
_IT = {"number": "/output/number", "repository": "/output/repository"}
_CLOSE, _REOPEN = UndoSpec(method="close_issue", arguments=_IT), UndoSpec(method="reopen_issue", arguments=_IT)
_UNCOMMENT = UndoSpec(
    method="delete_comment", arguments={"comment_id": "/output/id", "repository": "/output/repository"}
)
_PAGE = 100


class GitHub(Integration):
    """Work with issues, comments and pull requests of GitHub repositories, and search them."""

    spec = IntegrationSpec(
        name="github",
        display_name="GitHub",
        auth=OAuth2Config(
            provider="github",
            authorization_url="https://github.com/login/oauth/authorize",
            token_url="https://github.com/login/oauth/access_token",  # noqa: S106 - an address
            userinfo_url="https://api.github.com/user",
            scopes=_REPO,
            scope_separator=",",
            accepts_token=True,
        ),
        credentials=(
            CredentialSpec(
                key="access_token",
                type=CredentialType.OAUTH2,
                description="Token of an OAuth app, or a personal access token",
                env_var="GITHUB_ACCESS_TOKEN",
            ),
        ),
        base_url="https://api.github.com",
        hosts=("api.github.com",),
        docs_url="https://docs.github.com/rest",
    )

    class Config(IntegrationConfig):
        """Settings of one instance."""

        default_repository: Annotated[RepositoryName | None, "Repository for methods called without one"] = None

    config: Config
    client: HttpClient

    def connect(self) -> HttpClient:
        """Create the client, without sending a request."""
        token = self.credentials["access_token"]
        return HttpClient(self.base_url, integration=self.name, token=token, headers=HEADERS, verdict=verdict)

    @method(scopes=_REPO, example='github.list_issues("octo/hello", labels=["bug"])')
    def list_issues(
        self, repository: Where = None, state: State = "open", labels: Labels = (), limit: Limit = 30
    ) -> list[Issue]:
        """List the issues of a repository that have all given labels, newest first, without pull requests."""
        path, wanted = self._at(repository, "issues"), {"state": state, "labels": ",".join(labels) or None}
        return self._list(Issue, path, limit, keep=_is_issue, **wanted)

    @method(scopes=_REPO, example='github.get_issue(42, "octo/hello")')
    def get_issue(self, number: Number, repository: Where = None) -> Issue:
        """Read an issue by its number."""
        return Issue.of_answer(self.client.get(self._at(repository, f"issues/{number}")))

    @method(effect="write", scopes=_REPO, undo=_CLOSE, example='github.create_issue("It broke", "How: ...")')
    def create_issue(
        self, title: Title, body: Body = "", repository: Where = None, labels: Labels = (), assignees: People = ()
    ) -> Issue:
        """Open an issue."""
        values = {"title": title, "body": body, "labels": labels, "assignees": assignees}
        return Issue.of_answer(self._post(self._at(repository, "issues"), values))

    @method(effect="write", idempotent=True, scopes=_REPO, example='github.update_issue(42, labels=["bug", "urgent"])')
    def update_issue(
        self,
        number: Number,
        title: Annotated[Title | None, "New title"] = None,
        body: Annotated[str | None, "New text in markdown"] = None,
        labels: Annotated[tuple[str, ...] | None, "New labels; they replace all current ones"] = None,
        assignees: Annotated[tuple[str, ...] | None, "Login names that replace the current assignees"] = None,
        repository: Where = None,
    ) -> Issue:
        """Change an issue or a pull request; omitted values stay unchanged."""
        return self._change(number, repository, title=title, body=body, labels=labels, assignees=assignees)

    @method(effect="write", idempotent=True, scopes=_REPO, undo=_REOPEN, example="github.close_issue(42)")
    def close_issue(
        self,
        number: Number,
        reason: Annotated[Literal["completed", "not_planned"] | None, "Reason, for an issue"] = None,
        repository: Where = None,
    ) -> Issue:
        """Close an issue, or a pull request without merging it."""
        return self._change(number, repository, state="closed", state_reason=reason)

    @method(effect="write", idempotent=True, scopes=_REPO, undo=_CLOSE, example="github.reopen_issue(42)")
    def reopen_issue(self, number: Number, repository: Where = None) -> Issue:
        """Open a closed issue or pull request again."""
        return self._change(number, repository, state="open")

    @method(scopes=_REPO, example="for comment in github.list_comments(42):\n    print(comment.author, comment.body)")
    def list_comments(self, number: Number, repository: Where = None, limit: Limit = 100) -> list[Comment]:
        """List the comments on an issue or a pull request, oldest first, without review comments on lines of code."""
        return self._list(Comment, self._at(repository, f"issues/{number}/comments"), limit)

    @method(effect="write", scopes=_REPO, undo=_UNCOMMENT, example='github.create_comment(42, "Fixed in 1.2")')
    def create_comment(
        self, number: Number, body: Annotated[Body, Field(pattern=r"\S")], repository: Where = None
    ) -> Comment:
        """Comment on an issue or a pull request."""
        return Comment.of_answer(self._post(self._at(repository, f"issues/{number}/comments"), {"body": body}))

    @method(effect="destructive", scopes=_REPO, example="github.delete_comment(comment.id)")
    def delete_comment(
        self,
        comment_id: Annotated[int, Field(ge=1), "Id of the comment: the `id` of a Comment"],
        repository: Where = None,
    ) -> None:
        """Delete a comment permanently."""
        self.client.request("DELETE", self._at(repository, f"issues/comments/{comment_id}"))

    @method(scopes=_REPO, example='github.list_pull_requests("octo/hello")')
    def list_pull_requests(
        self, repository: Where = None, state: State = "open", limit: Limit = 30
    ) -> list[PullRequest]:
        """List the pull requests of a repository, newest first."""
        return self._list(PullRequest, self._at(repository, "pulls"), limit, state=state)

    @method(scopes=_REPO, example="github.get_pull_request(43).mergeable")
    def get_pull_request(self, number: Number, repository: Where = None) -> PullRequest:
        """Read a pull request, including whether it can be merged."""
        return PullRequest.of_answer(self.client.get(self._at(repository, f"pulls/{number}")))

    @method(effect="write", scopes=_REPO, undo=_CLOSE, example='github.create_pull_request("Fix it", "fix", "main")')
    def create_pull_request(
        self,
        title: Title,
        head: Annotated[str, "Branch with the changes; `owner:branch` if it is in a fork"],
        base: Annotated[str, "Branch to merge into, such as main"],
        body: Body = "",
        repository: Where = None,
        draft: Annotated[bool, "Mark as not ready for review"] = False,
    ) -> PullRequest:
        """Open a pull request for a branch that is already pushed."""
        values = {"title": title, "head": head, "base": base, "body": body, "draft": draft}
        return PullRequest.of_answer(self._post(self._at(repository, "pulls"), values))

    @method(effect="destructive", scopes=_REPO, example='github.merge_pull_request(43, "squash")')
    def merge_pull_request(
        self,
        number: Number,
        strategy: Annotated[Literal["merge", "squash", "rebase"], "How to add its commits to the branch"] = "merge",
        repository: Where = None,
    ) -> str:
        """Merge a pull request and return the SHA of the commit; this cannot be undone."""
        path = self._at(repository, f"pulls/{number}/merge")
        return str(find_or_none(self.client.request("PUT", path, json={"merge_method": strategy}).json(), "/sha") or "")

    @method(scopes=_REPO, example='github.search_issues("repo:octo/hello is:open crash")')
    def search_issues(
        self, query: Annotated[str, "GitHub search, such as `is:issue is:open author:ann crash`"], limit: Limit = 30
    ) -> list[Issue]:
        """Find issues and pull requests by a GitHub search, best match first."""
        return self._list(Issue, "/search/issues", limit, q=query)

    @method(scopes=_REPO, example='github.search_code("repo:octo/hello connect")')
    def search_code(
        self, query: Annotated[str, "GitHub search, with a `repo:`, `user:` or `org:` qualifier"], limit: Limit = 30
    ) -> list[CodeMatch]:
        """Find files by their content, best match first."""
        return self._list(CodeMatch, "/search/code", limit, q=query)

    def _at(self, repository: str | None, path: str) -> str:
        where = repository or self.config.default_repository
        if not where:
            raise InvalidInput("no repository: pass `repository`, or set a default with init(default_repository=...)")
        return f"/repos/{where}/{path}"

    def _list(
        self, record: type[R], path: str, limit: int, keep: Callable[[Any], bool] | None = None, **query: Any
    ) -> list[R]:
        pages = self.client.pages(path, {**query, "per_page": min(limit, _PAGE)}, following=following)
        items = (item for page in pages for item in items_of(page))
        return [record.of_answer(item) for item in islice(filter(keep, items) if keep else items, limit)]

    def _post(self, path: str, values: dict[str, Any]) -> Any:
        return self.client.request("POST", path, json=values).json()

    def _change(self, number: int, repository: str | None, **values: Any) -> Issue:
        given = {name: value for name, value in values.items() if value is not None}
        path = self._at(repository, f"issues/{number}")
        return Issue.of_answer(self.client.request("PATCH", path, json=given, repeatable=True).json())


def _is_issue(raw: Any) -> bool:
    """Tell whether an item of a list of issues is one: GitHub lists pull requests too."""
    return not (isinstance(raw, dict) and raw.get("pull_request"))
