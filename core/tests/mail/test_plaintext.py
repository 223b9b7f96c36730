import time

import pytest

from wren_core.mail.plaintext import from_html
from wren_core.testing.patience import patience


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<b>bold</b> and\n   <i>more</i>", "bold and more"),
        ("5 &lt; 6 &amp; 7&nbsp;&euro;", "5 < 6 & 7 €"),
        ("<style>p {color: red}</style><p>seen</p><script>alert('<p>no</p>')</script>", "seen"),
        ("<head><title>no</title></head><body>yes</body>", "yes"),
        ("before<!-- a > b <p>hidden</p> -->after", "beforeafter"),
        ("<a href='https://example.com/?a>b'>link</a>", "b'>link"),
        ("no tags", "no tags"),
        ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
        ("we <3 you, <b>Ann</b>", "we <3 you, Ann"),
        ("<tr><td>Total</td><td>42</td></tr>", "Total 42"),
        ("<html><head><meta charset='x'><body>the head is not closed</body>", "the head is not closed"),
        ("unfinished <b", "unfinished"),
        ("<!-- never closed", ""),
        ("", ""),
    ],
)
def test_html_becomes_readable_text(html, text):
    assert from_html(html) == text


@pytest.mark.parametrize("junk", ["<", "<!--", "<script>", "<a", "&", "<p>", "</", "<![CDATA["])
def test_a_megabyte_of_junk_is_converted_quickly(junk):
    started = time.perf_counter()

    from_html(junk * (1_000_000 // len(junk)))

    assert time.perf_counter() - started < patience(5)
