"""Slack for Wren: post, read, react, upload."""

from wren_slack.integration import Slack

__all__ = ["Slack"]
