import pytest

from wren_core import InvalidInput, NotFound, Rejected, json_pointer
from wren_github.api import following


def numbers(items):
    return [item.number for item in items]


def test_an_issue_is_opened_and_read_again(github, fake):
    made = github.create_issue("It broke", "Like *this*", labels=["bug"], assignees=["bob"])

    read = github.get_issue(made.number)
    assert read == made
    assert (made.repository, made.state, made.author) == ("alice/kites", "open", "alice")
    assert (made.labels, made.assignees, made.body) == (("bug",), ("bob",), "Like *this*")
    assert [issue["title"] for issue in fake.issues_of("alice/kites")] == ["It broke"]


def test_an_update_changes_only_the_given_values(github):
    made = github.create_issue("First", "Text", labels=["bug"])

    changed = github.update_issue(made.number, title="Second", labels=[])

    assert (changed.title, changed.body, changed.labels) == ("Second", "Text", ())


def test_an_issue_is_closed_with_a_reason_and_opened_again(github):
    made = github.create_issue("It broke")

    closed = github.close_issue(made.number, "not_planned")
    opened = github.reopen_issue(made.number)

    assert (closed.state, closed.state_reason, closed.closed_at is not None) == ("closed", "not_planned", True)
    assert (opened.state, opened.closed_at) == ("open", None)


def test_the_result_has_all_arguments_of_its_undo(github):
    made = github.create_issue("Opened by mistake")
    spec = github.full_spec().method("create_issue")
    values = {"input": {}, "output": made.model_dump()}

    arguments = {name: json_pointer.find(values, pointer) for name, pointer in spec.undo.arguments.items()}
    github.invoke(spec.undo.method, arguments)

    assert github.get_issue(made.number).state == "closed"


def test_issues_are_listed_by_state_and_label_without_pull_requests(github):
    for title, labels in (("a", ["bug"]), ("b", ["bug", "new"]), ("c", [])):
        github.create_issue(title, labels=labels)
    github.close_issue(1)
    github.create_pull_request("Fix", "fix", "main")

    assert numbers(github.list_issues()) == [3, 2]
    assert numbers(github.list_issues(state="all")) == [3, 2, 1]
    assert numbers(github.list_issues(state="all", labels=["bug", "new"])) == [2]


def test_a_list_is_read_page_by_page_up_to_the_limit(github, fake):
    github.create_issue("Long talk")
    for number in range(1, 130):
        github.create_comment(1, f"Comment {number}")
    fake.requests.clear()

    all_of_them = github.list_comments(1, limit=1000)
    asked = len(fake.requests)
    some = github.list_comments(1, limit=5)

    assert [comment.body for comment in all_of_them] == [f"Comment {number}" for number in range(1, 130)]
    assert asked == 2
    assert len(some) == 5
    assert fake.requests[-1].query["per_page"] == "5"


def test_the_next_page_is_read_from_the_configured_base_url(github, fake, fake_server):
    """The Link header of the fake has the host api.github.com, as GitHub's does."""
    for number in range(3):
        github.create_issue(f"Issue {number}")

    answers = list(github.client.pages("/repos/alice/kites/issues", {"per_page": 2}, following=following))

    assert [len(answer.json()) for answer in answers] == [2, 1]
    assert fake.requests[-1].query == {"per_page": "2", "page": "2"}


def test_a_comment_is_written_and_deleted(github, fake):
    github.create_issue("It broke")

    comment = github.create_comment(1, "Fixed in 1.2")
    found = github.list_comments(1)
    github.delete_comment(comment.id)

    assert found == [comment]
    assert (comment.author, comment.repository, comment.body) == ("alice", "alice/kites", "Fixed in 1.2")
    assert fake.comments_on("alice/kites", 1) == []


def test_a_pull_request_is_proposed_and_merged(github, fake):
    made = github.create_pull_request("Fix it", "fix", "main", "Because")

    commit = github.merge_pull_request(made.number, "squash")

    merged = github.get_pull_request(made.number)
    assert (made.head, made.base, made.state, made.mergeable, made.merged_at) == ("fix", "main", "open", True, None)
    assert (merged.state, merged.merged_at is not None) == ("closed", True)
    assert len(commit) == 40
    assert fake.issues_of("alice/kites")[0]["merge_method"] == "squash"


def test_pull_requests_have_their_own_list(github):
    github.create_issue("It broke")
    github.create_pull_request("Fix it", "fix", "main", draft=True)

    (found,) = github.list_pull_requests()

    assert (found.number, found.draft) == (2, True)
    assert github.list_pull_requests(state="closed") == []


def test_a_draft_is_not_merged(github):
    made = github.create_pull_request("Fix it", "fix", "main", draft=True)

    with pytest.raises(Rejected, match="not mergeable"):
        github.merge_pull_request(made.number)


def test_searches_find_issues_pull_requests_and_code(github):
    github.create_issue("The string tears", repository="alice/diary")
    github.create_issue("The tail tears")
    github.create_pull_request("fix the tail", "fix", "main")

    assert numbers(github.search_issues("repo:alice/kites tail")) == [1, 2]
    assert [item.is_pull_request for item in github.search_issues("is:pr tail")] == [True]
    assert {item.repository for item in github.search_issues("tears")} == {"alice/diary", "alice/kites"}
    assert [(match.repository, match.path) for match in github.search_code("fly")] == [("alice/kites", "README.md")]


def test_a_given_repository_overrides_the_default(github, fake):
    github.create_issue("Dear diary", repository="alice/diary")

    assert len(fake.issues_of("alice/diary")) == 1
    assert fake.issues_of("alice/kites") == []


def test_without_a_repository_no_request_is_sent(connect, fake):
    with pytest.raises(InvalidInput, match=r"init\(default_repository="):
        connect().list_issues()

    assert fake.requests == []


@pytest.mark.parametrize(
    "name", ["kites", "alice/..", "alice/kites/issues", "../kites", "alice/ki tes", "al.ice/kites", ""]
)
def test_an_invalid_repository_name_is_refused_without_a_request(github, fake, name):
    with pytest.raises(InvalidInput, match="/repository"):
        github.get_issue(1, repository=name)

    assert fake.requests == []


@pytest.mark.parametrize("name", ["alice/.github", "a-b/c_d.e", "alice_corp/kites"])
def test_all_names_that_github_allows_are_accepted(github, fake, name):
    with pytest.raises(NotFound):
        github.get_issue(1, repository=name)

    assert fake.requests[-1].path == f"/repos/{name}/issues/1"
