"""The scripts that the benchmarks deploy."""

EMPTY = """
import wren


@wren.on_schedule("@yearly")
def once():
    return 1
"""

WITH_AN_INTEGRATION = """
import wren

cron = wren.integrations.cron.init()


@wren.on_schedule("@yearly")
def once():
    return cron.describe("@daily")
"""
