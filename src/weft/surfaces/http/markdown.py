"""Markdown of artifacts as HTML that does nothing: no scripts, no styles, no forms, nothing loaded from elsewhere."""

from __future__ import annotations

_TAGS = frozenset({
    "a", "b", "blockquote", "br", "code", "dd", "del", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr",
    "ul",
})  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "td": {"align"}, "th": {"align"}}
_LONGEST = 2 << 20


def html(text: str) -> str:
    """The text as a page of HTML; raw HTML in it is shown as text, and links lead to http, https and mailto only."""
    import markdown_it
    import nh3

    made = (
        markdown_it.MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).render(text[:_LONGEST])
    )
    safe = nh3.clean(
        made,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto", "data"},
        attribute_filter=_filtered,
        link_rel="noopener noreferrer nofollow",
    )
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body>{safe}</body></html>'


def _filtered(tag: str, attribute: str, value: str) -> str | None:
    """An image is in the text itself or it is not shown: loading one would tell another host who looks."""
    if tag == "img" and attribute == "src":
        return (
            value
            if value.startswith(("data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp"))
            else None
        )
    if attribute == "href" and value.lower().startswith("data:"):
        return None
    return value
