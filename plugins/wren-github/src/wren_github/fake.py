"""A GitHub in memory, for tests without a network or an account.

It implements the part of the REST API that the integration uses, and the OAuth pages, as GitHub does: pages of lists
are linked, private repositories are hidden from tokens without the scope `repo`, and written objects can be read again.

Example:
    fake = FakeGitHub()
    with serve(fake) as url:
        github = GitHub.create(credentials={"access_token": fake.token()}, base_url=url)
        github.create_issue("It broke", repository="alice/kites")
    assert fake.issues_of("alice/kites")[-1]["title"] == "It broke"
"""

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar
from urllib.parse import urlencode

from wren_core.testing import FakeOAuth, FakeProvider, FakeRequest, FakeResponse, FakeUser, route
from wren_github.fake_wire import GitHubOAuth, Json, Refused, matches, not_found, validation_failed

ALICE = FakeUser(email="alice@example.com", name="alice")
BOB = FakeUser(email="bob@example.com", name="bob")

Handler = Callable[["FakeGitHub", Json, FakeRequest], Any]


def _repository(verb: str, path: str) -> Callable[[Handler], Callable[..., Any]]:
    """Route a request to a handler, which gets the repository if the token may see it."""

    def mark(handler: Handler) -> Callable[..., Any]:
        @route(verb, "/repos/{owner}/{name}" + path)
        @functools.wraps(handler)
        def answer(fake: "FakeGitHub", request: FakeRequest) -> Any:
            try:
                return handler(fake, fake.visible(request), request)
            except Refused as exc:
                return exc.response

        return answer

    return mark


class FakeGitHub(FakeProvider):
    """The repositories alice/kites and alice/diary (private), and the users Alice and Bob.

    Args:
        client_id: client id of the OAuth app that may ask for consent.
        client_secret: its client secret.
    """

    name: ClassVar[str] = "github"

    def __init__(
        self,
        *,
        client_id: str = "fake-client",
        client_secret: str = "fake-client-secret",  # noqa: S107 - the published secret of a fake
    ) -> None:
        super().__init__()
        self.page_size = 100
        self._ids = count(1)
        self.repositories: dict[str, Json] = {}
        self.oauth: FakeOAuth = GitHubOAuth(
            self,
            users=[ALICE, BOB],
            authorize_path="/login/oauth/authorize",
            token_path="/login/oauth/access_token",  # noqa: S106 - a path
            revoke_path="/login/oauth/revoke",  # not at GitHub, and not in the spec of the integration
            client_id=client_id,
            client_secret=client_secret,
            token_lifetime=None,
        )
        self.add_repository("alice/kites", branches=("main", "fix"), files={"README.md": "Kites that fly"})
        self.add_repository("alice/diary", is_private=True)

    def token(self, user: FakeUser = ALICE, *, scopes: tuple[str, ...] = ("repo",)) -> str:
        """Return an access token, as a person would create one at GitHub."""
        return str(self.oauth.issue(user, list(scopes))["access_token"])

    def add_repository(
        self,
        full_name: str,
        *,
        is_private: bool = False,
        branches: tuple[str, ...] = ("main",),
        files: dict[str, str] | None = None,
        first: int = 1,
    ) -> Json:
        """Add a repository; its first issue gets the number `first`."""
        page = {"full_name": full_name, "private": is_private, "html_url": f"https://github.com/{full_name}"}
        state: Json = {"branches": branches, "files": files or {}, "issues": {}, "comments": {}, "first": first}
        self.repositories[full_name] = {"page": page, **state}
        return self.repositories[full_name]

    def configuration(self, url: str) -> Json:  # noqa: ARG002 - the base's signature
        """Return the configuration of an instance whose default is the repository of the examples."""
        return {"default_repository": "octo/hello"}

    def example_values(self) -> Json:
        """Create the objects of the examples: issues 41 and 42 with comments, pull requests 43 and 44, code to find."""
        files = {"client.py": "def connect(): ...", "server.py": "connect = accept"}
        made = self.add_repository("octo/hello", is_private=True, branches=("main", "fix"), files=files, first=41)
        issues = [self._add(made, {"title": f"Crash {number}", "labels": ["bug"]}, ALICE) for number in (1, 2)]
        for title in ("Fix it", "Fix it well"):
            self._add_pull(made, {"title": title, "head": "fix", "base": "main"}, BOB)
        comments = [self._add_comment(made, issues[1], text, BOB) for text in ("Here too", "And here")]
        return {"comment.id": comments[0]["id"]}

    def issues_of(self, full_name: str) -> list[Json]:
        """Return the issues and pull requests of a repository, oldest first."""
        return list(self.repositories[full_name]["issues"].values())

    def comments_on(self, full_name: str, number: int) -> list[Json]:
        """Return the comments on an issue or a pull request, oldest first."""
        comments = self.repositories[full_name]["comments"].values()
        return [item for item in comments if item["issue_number"] == number]

    def limit_next(self, *, times: int = 1, retry_after: int = 1, path: str = "") -> None:
        """Answer the next requests with GitHub's rate limit error."""
        body = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
        self.fail_next(403, times=times, path=path, headers={"retry-after": str(retry_after)}, body=body)

    def visible(self, request: FakeRequest) -> Json:
        """Return the repository in the path of a request, or refuse the request as GitHub does."""
        self.person(request)
        found = self.repositories.get(f"{request.params['owner']}/{request.params['name']}")
        if found is None or not self._is_allowed(request, found, is_write=request.method != "GET"):
            raise Refused(not_found())
        return found

    def person(self, request: FakeRequest) -> FakeUser:
        """Return the user who sent a request, or refuse the request."""
        user = self.oauth.user_of(request.token)
        if user is None:
            raise Refused(FakeResponse(status=401, body={"message": "Bad credentials", "status": "401"}))
        return user

    def not_found(self, request: FakeRequest) -> FakeResponse:  # noqa: ARG002 - the base's signature
        """Return GitHub's error for an unknown path."""
        return not_found()

    @route("GET", "/user")
    def user(self, request: FakeRequest) -> Any:
        """Return the user of the token."""
        try:
            user = self.person(request)
        except Refused as exc:
            return exc.response
        return {"login": user.name, "id": 1000 + self.oauth.users.index(user), "email": user.email}

    @_repository("GET", "/issues")
    def list_issues(self, repository: Json, request: FakeRequest) -> Any:
        """Return a page of issues and pull requests, newest first."""
        wanted, labels = request.query.get("state", "open"), request.query.get("labels")
        found = [
            item
            for item in reversed(repository["issues"].values())
            if wanted in ("all", item["state"]) and set(labels.split(",") if labels else ()) <= _labels(item)
        ]
        return self._page(found, request)

    @_repository("POST", "/issues")
    def create_issue(self, repository: Json, request: FakeRequest) -> Any:
        """Open an issue."""
        return FakeResponse(status=201, body=self._add(repository, request.json(), self.person(request)))

    @_repository("GET", "/issues/{number}")
    def get_issue(self, repository: Json, request: FakeRequest) -> Any:
        """Return an issue."""
        return _item(repository, request)

    @_repository("PATCH", "/issues/{number}")
    def change_issue(self, repository: Json, request: FakeRequest) -> Any:
        """Change an issue."""
        item, body = _item(repository, request), request.json()
        if not body.get("title", "x").strip():
            raise Refused(validation_failed("Issue", "title", "missing_field"))
        item.update({key: body[key] for key in ("title", "body", "state", "state_reason") if key in body})
        item.update(_people_and_labels(body))
        item["closed_at"] = item["closed_at"] or _now() if item["state"] == "closed" else None
        item["updated_at"] = _now()
        return item

    @_repository("GET", "/issues/{number}/comments")
    def list_comments(self, repository: Json, request: FakeRequest) -> Any:
        """Return a page of comments, oldest first."""
        number = _item(repository, request)["number"]
        return self._page([item for item in repository["comments"].values() if item["issue_number"] == number], request)

    @_repository("POST", "/issues/{number}/comments")
    def create_comment(self, repository: Json, request: FakeRequest) -> Any:
        """Comment on an issue."""
        item, text = _item(repository, request), request.json().get("body") or ""
        if not text.strip():
            raise Refused(validation_failed("IssueComment", "body", "missing_field"))
        return FakeResponse(status=201, body=self._add_comment(repository, item, text, self.person(request)))

    @_repository("DELETE", "/issues/comments/{id}")
    def delete_comment(self, repository: Json, request: FakeRequest) -> Any:
        """Delete a comment."""
        gone = repository["comments"].pop(int(request.params["id"]), None)
        if gone is None:
            raise Refused(not_found())
        repository["issues"][gone["issue_number"]]["comments"] -= 1
        return FakeResponse(status=204)

    @_repository("GET", "/pulls")
    def list_pulls(self, repository: Json, request: FakeRequest) -> Any:
        """Return a page of pull requests, newest first."""
        wanted, items = request.query.get("state", "open"), reversed(repository["issues"].values())
        return self._page([item for item in items if "head" in item and wanted in ("all", item["state"])], request)

    @_repository("POST", "/pulls")
    def create_pull(self, repository: Json, request: FakeRequest) -> Any:
        """Open a pull request."""
        return FakeResponse(status=201, body=self._add_pull(repository, request.json(), self.person(request)))

    @_repository("GET", "/pulls/{number}")
    def get_pull(self, repository: Json, request: FakeRequest) -> Any:
        """Return a pull request."""
        return _item(repository, request, is_pull=True)

    @_repository("PUT", "/pulls/{number}/merge")
    def merge_pull(self, repository: Json, request: FakeRequest) -> Any:
        """Merge a pull request."""
        item = _item(repository, request, is_pull=True)
        if item["state"] != "open" or item["draft"]:
            raise Refused(FakeResponse(status=405, body={"message": "Pull Request is not mergeable"}))
        item.update(state="closed", merged_at=_now(), closed_at=_now(), merge_method=request.json()["merge_method"])
        return {"sha": f"{item['number']:040x}", "merged": True, "message": "Pull Request successfully merged"}

    @route("GET", "/search/{kind}")
    def search(self, request: FakeRequest) -> Any:
        """Return the results of a search."""
        try:
            self.person(request)
        except Refused as exc:
            return exc.response
        query, kind = request.query.get("q", ""), request.params["kind"]
        if not query.strip() or kind not in ("issues", "code"):
            return validation_failed("Search", "q", "missing")
        visible = [repository for repository in self.repositories.values() if self._is_allowed(request, repository)]
        pairs = [pair for repository in visible for pair in _list_searchable(repository, kind)]
        return self._page([item for item, text in pairs if matches(query, item, text)], request, is_search=True)

    def _is_allowed(self, request: FakeRequest, repository: Json, *, is_write: bool = False) -> bool:
        return "repo" in self.oauth.scopes_of(request.token) or not (is_write or repository["page"]["private"])

    def _page(self, items: list[Json], request: FakeRequest, *, is_search: bool = False) -> FakeResponse:
        size, page = min(int(request.query.get("per_page", 30)), self.page_size), int(request.query.get("page", 1))
        shown, headers = items[(page - 1) * size : page * size], {}
        if items[page * size :]:
            # The link has GitHub's own host, whatever the host of the request.
            query = urlencode({**request.query, "page": page + 1})
            headers["link"] = f'<https://api.github.com{request.path}?{query}>; rel="next"'
        body = {"total_count": len(items), "incomplete_results": False, "items": shown} if is_search else shown
        return FakeResponse(headers=headers, body=body)

    def _add(self, repository: Json, body: Json, author: FakeUser, *, kind: str = "issues") -> Json:
        if not (body.get("title") or "").strip():
            raise Refused(validation_failed("Issue", "title", "missing_field"))
        number = max(repository["issues"], default=repository["first"] - 1) + 1
        made = {
            "number": number,
            "title": body["title"],
            "body": body.get("body"),
            "state": "open",
            "state_reason": None,
            "user": {"login": author.name},
            "labels": [],
            "assignees": [],
            "comments": 0,
            "html_url": f"{repository['page']['html_url']}/{kind}/{number}",
            "created_at": _now(),
            "updated_at": _now(),
            "closed_at": None,
            **_people_and_labels(body),
        }
        repository["issues"][number] = made
        return made

    def _add_pull(self, repository: Json, body: Json, author: FakeUser) -> Json:
        for field in ("head", "base"):
            if body.get(field, "").rpartition(":")[2] not in repository["branches"]:
                raise Refused(validation_failed("PullRequest", field, "invalid"))
        made = self._add(repository, body, author, kind="pull")
        ends = {end: {"ref": body[end], "repo": repository["page"]} for end in ("head", "base")}
        state = {"draft": body.get("draft", False), "merged_at": None, "mergeable": True}
        made.update(**ends, **state, pull_request={"html_url": made["html_url"]})
        return made

    def _add_comment(self, repository: Json, item: Json, text: str, author: FakeUser) -> Json:
        comment_id = next(self._ids)
        comment = {"id": comment_id, "issue_number": item["number"], "user": {"login": author.name}, "body": text}
        comment |= {"created_at": _now(), "html_url": f"{item['html_url']}#issuecomment-{comment_id}"}
        repository["comments"][comment_id] = comment
        item["comments"] += 1
        return comment


def _item(repository: Json, request: FakeRequest, *, is_pull: bool = False) -> Json:
    number = request.params["number"]
    found = repository["issues"].get(int(number)) if number.isdecimal() else None
    if found is None or (is_pull and "head" not in found):
        raise Refused(not_found())
    return dict(found) if request.method == "GET" else found


def _list_searchable(repository: Json, kind: str) -> list[tuple[Json, str]]:
    if kind == "issues":
        return [(item, f"{item['title']} {item['body'] or ''}") for item in repository["issues"].values()]
    page = repository["page"]
    return [
        ({"path": path, "html_url": f"{page['html_url']}/blob/main/{path}", "repository": page}, text)
        for path, text in repository["files"].items()
    ]


def _people_and_labels(body: Json) -> Json:
    labels = {"labels": [{"name": name} for name in body["labels"]]} if "labels" in body else {}
    people = {"assignees": [{"login": name} for name in body["assignees"]]} if "assignees" in body else {}
    return {**labels, **people}


def _labels(item: Json) -> set[str]:
    return {label["name"] for label in item["labels"]}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
