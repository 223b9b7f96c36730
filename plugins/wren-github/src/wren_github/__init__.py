"""GitHub for Wren: issues, comments, pull requests, search."""

from wren_github.integration import GitHub
from wren_github.records import CodeMatch, Comment, Issue, PullRequest

__all__ = ["CodeMatch", "Comment", "GitHub", "Issue", "PullRequest"]
