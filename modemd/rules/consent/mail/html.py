"""Text of an HTML part: no tags, no styles, a line for each block. The lines of a quotation begin with >, as in plain text; above
a mail that Outlook or Yahoo quotes without a mark stands a line that `quoting` knows.

`html.parser` is quadratic in what an attacker leaves open. Here each character is read once.
"""

from __future__ import annotations

import re
from html import unescape

QUOTE_LINE = "-----Original Message-----"
"""Line that stands for the beginning of a quoted mail."""
LONGEST_HTML = 500_000  # characters

_TOKEN = re.compile(r"<[^<>]*>|[^<]+|<")
_NAME = re.compile(r"</?\s*([a-zA-Z][a-zA-Z0-9]{0,20})")
_BLANKS = re.compile(r"[ \t\r\n\f\u00a0]+")
_UNSEEN = frozenset({"style", "script", "head", "title", "template"})
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "tr",
        "table",
        "ul",
        "ol",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "blockquote",
        "pre",
        "section",
        "article",
    ]
)
# How Outlook and Yahoo mark the mail that is answered or forwarded.
_QUOTE = re.compile(r"divRplyFwdMsg|appendonsend|yahoo_quoted|OutlookMessageHeader", re.IGNORECASE)


def to_text(html: str) -> str:
    """Returns the text of an HTML document, as a person sees it."""
    html = _drop_comments(html[:LONGEST_HTML])
    found: list[str] = []
    unseen: str | None = None
    quotes = 0
    for token in _TOKEN.findall(html):
        name, is_end = _find_name(token), token.startswith("</")
        if unseen is not None:
            unseen = None if name == unseen and is_end else unseen
            continue
        if name is None:
            if not token.startswith(("<!", "<?")) or not token.endswith(">"):
                found.append(_BLANKS.sub(" ", unescape(token)))
            continue
        if name in _UNSEEN and not is_end and not token.endswith("/>"):
            unseen = name
        elif name == "blockquote":
            quotes = max(quotes - 1, 0) if is_end else quotes + 1
        if not is_end and _QUOTE.search(token[:500]):
            found.append(f"\n{QUOTE_LINE}")
        if name in _BLOCKS:
            found.append("\n> " if quotes else "\n")
    lines = [line.strip() for line in "".join(found).split("\n")]
    return "\n".join(line for line in lines if line and line != ">")


def _find_name(token: str) -> str | None:
    """Returns the name of a tag in small letters; None if the token is no tag."""
    found = _NAME.match(token) if token.endswith(">") else None
    return found[1].lower() if found is not None else None


def _drop_comments(html: str) -> str:
    """Returns HTML without its comments. One that is never closed is no comment."""
    kept: list[str] = []
    at = 0
    while (begin := html.find("<!--", at)) >= 0 and (end := html.find("-->", begin + 4)) >= 0:
        kept.append(html[at:begin])
        at = end + 3
    return "".join(kept) + html[at:]
