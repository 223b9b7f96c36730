"""OpenAI and every OpenAI-compatible server for Wren: text, vision, tools, images."""

from wren_openai.integration import OpenAI

__all__ = ["OpenAI"]
