"""What makes long pages cheap: parts that are remembered, and lists drawn by the quicker engine."""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

from django.template import Context, Engine, Library, Node, NodeList, Template, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = Library()

MOST = 1000  # parts that a process remembers; most are of 1 to 4 KB
NUMBERED = re.compile(r"[^/]*\d[^/]*/?")
PLAIN = str, int, Decimal, date, tuple, type(None)


@register.tag
def remember(parser: Parser, token: Token) -> Node:
    """{% remember name=value … %}…{% endremember %}: drawn once a process for the same values.

    Inside there are these names and the language, and nothing else: no request, no csrf token, no
    "now". So what is remembered is never out of date. Values are plain: text, numbers, tuples of them.
    """
    given = token.split_contents()[1:]
    values = token_kwargs(given, parser)
    if given:
        raise TemplateSyntaxError(f"remember takes name=value, not {given[0]!r}")
    inside = parser.parse(("endremember",))
    parser.delete_first_token()
    return Remembered(inside, values)


class Remembered(Node):
    def __init__(self, nodelist: NodeList, values: dict[str, FilterExpression]) -> None:
        self.nodelist, self.values = nodelist, values

    def render(self, context: Context) -> SafeString:
        values = [_plain(each.resolve(context)) for each in self.values.values()]
        engine = cast(Template, context.template).engine
        return _drawn(self, engine, get_language() or "", *values)


@lru_cache(maxsize=MOST, typed=True)  # text that is safe is not the same text unsafe
def _drawn(node: Remembered, engine: Engine, _language: str, *values: Any) -> SafeString:
    alone = Context(dict(zip(node.values, values, strict=True)))
    with alone.bind_template(Template("", engine=engine)):
        return node.nodelist.render(alone)


def _plain(value: Any) -> Any:
    """Two rows of a table are equal by their key alone, however much has changed in them."""
    if isinstance(value, Promise):
        return str(value)
    if not isinstance(value, PLAIN):
        raise TypeError(f"remember keeps plain values, not {value!r}")
    return value


@register.filter
def section(path: str) -> str:
    """/merchant/orders/ of /merchant/orders/2611-01/: the part of the site, whichever row is shown."""
    return NUMBERED.sub("", path)


@register.filter
def among(text: str, words: str) -> str:
    """What an address says, if it is one of these words: nobody else chooses what is remembered."""
    return text if text in words.split() else ""


@register.simple_tag
def quick(name: str, **values: Any) -> SafeString:
    """{% quick "merchants/rows.jinja.html" rows=rows %}: a long list, drawn (and escaped) by Jinja."""
    return SafeString(render_to_string(name, values, using="jinja2"))  # nosec B703 # it escapes
