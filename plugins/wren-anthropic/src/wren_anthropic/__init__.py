"""Anthropic's Claude models for Wren: text, vision, tools."""

from wren_anthropic.integration import Anthropic

__all__ = ["Anthropic"]
