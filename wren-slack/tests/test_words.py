import pytest

from wren_slack.records import Message
from wren_slack.words import words_of

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*Build 42* failed"}}
RICH = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "Hello "},
                {"type": "user", "user_id": "U1"},
                {"type": "text", "text": ", see "},
                {"type": "link", "url": "https://a.example", "text": "this"},
                {"type": "emoji", "name": "wave"},
            ],
        },
        {
            "type": "rich_text_list",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "first"}]}],
        },
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
    ],
}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"text": "Hello"}, "Hello"),
        ({"text": "", "blocks": [SECTION]}, "*Build 42* failed"),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "Report"}}, SECTION]},
         "Report\n*Build 42* failed"),
        ({"blocks": [RICH]}, "Hello <@U1>, see <https://a.example|this>:wave:\nfirst\nquoted"),
        ({"blocks": [{"type": "section", "fields": [{"text": "Total"}, {"text": "7"}]}]}, "Total\n7"),
        ({"blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "by CI"}]}]}, "by CI"),
        ({"blocks": [{"type": "markdown", "text": "## Title\ntext"}]}, "## Title\ntext"),
        ({"blocks": [{"type": "image", "title": {"text": "A chart"}, "alt_text": "Sales by month"}]},
         "A chart\nSales by month"),
        ({"blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"text": "b"}]]}]},
         "a\nb"),
        ({"blocks": [{"type": "actions", "elements": [{"text": {"text": "Approve"}, "value": "x1"}]}]},
         "Approve"),
        ({"text": "", "attachments": [{"fallback": "plain", "pretext": "New", "title": "Alert", "text": "Full",
                                       "fields": [{"title": "Host", "value": "db-1"}], "footer": "Ops"}]},
         "New\nAlert\nFull\nHost\ndb-1\nOps"),
        ({"attachments": [{"fallback": "Only the fallback"}]}, "Only the fallback"),
        ({"attachments": [{"blocks": [SECTION], "fallback": "[no preview available]"}]}, "*Build 42* failed"),
        ({"text": "See this", "attachments": [{"text": "A forwarded message", "is_share": True}]},
         "See this\nA forwarded message"),
        ({"text": "Order 142", "blocks": [{"type": "section", "text": {"text": "42 items"}}]}, "Order 142\n42 items"),
    ],
)  # fmt: skip
def test_the_words_of_a_message_are_found_wherever_they_are(message, words):
    assert words_of(message) == words
    assert Message.from_slack({"ts": "1.0", **message}).text == words


def test_the_text_of_a_person_is_not_repeated_from_its_blocks():
    text = "Hello <@U1>, see <https://a.example|this>:wave:\n\u2022 first\n&gt; quoted"

    assert words_of({"text": text, "blocks": [RICH]}) == text


@pytest.mark.parametrize("odd", [None, 5, "x", {}, [None], [[1]], [{"type": 5, "text": 7}], [{"elements": "x"}]])
def test_odd_blocks_and_attachments_have_no_words_that_break(odd):
    found = words_of({"text": "Hello", "blocks": odd, "attachments": odd})

    assert found.startswith("Hello")


def test_blocks_that_are_nested_without_end_are_read_to_a_depth():
    node: object = "deep"
    for _ in range(5000):
        node = {"elements": [node]}

    assert words_of({"text": "Hello", "blocks": [node]}) == "Hello"
