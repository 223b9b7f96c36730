"""Cron for Wren: describe, preview and check schedules."""

from wren_cron.integration import Cron

__all__ = ["Cron"]
