"""What every page must be: valid, titled, headed once, and, in a browser, accessible at any width."""

import html
import re
from functools import lru_cache
from typing import Any

import html5lib
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

AXE = AXE_FILE_PATH.read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
RULES = {"type": "tag", "values": TAGS}
# What a field is named or is for, if a person or a secret can be told by it.
TELLS = re.compile("password|secret|token|code$|phone|^tel|mail|address|receiver|name$")
# In the dark only colours differ.
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
# What may stand only where a block may, in elements that take no more than phrases.
BLOCKS = "address article aside blockquote dialog div dl fieldset figure footer form h1 h2 h3 h4 header hr main nav ol p pre section table ul"
PHRASES = "b button em h1 h2 h3 h4 kbd label p small span strong summary time"


@lru_cache(maxsize=4)
def parsed(text: str) -> tuple[Any, list[Any]]:
    """The tree of a page, and where it is not HTML: parsing is most of the work of a look."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    return parser.parse(text), parser.errors


def undrafted(text: str) -> list[str]:
    """Fields for words in forms that would lose them: nothing keeps a draft of what is typed."""
    tree, _errors = parsed(text)
    return [
        f"no draft is kept of {area.get('name')}"
        for form in tree.iter("form")
        if form.get("data-draft") is None
        for area in form.iter("textarea")
    ]


def told_in_addresses(text: str) -> list[str]:
    """Fields for what no address may hold, in forms that are sent as one: addresses are kept."""
    tree, _errors = parsed(text)
    return [
        f"{field.get('name')} would stand in the address"
        for form in tree.iter("form")
        if (form.get("method") or "get").lower() == "get"
        for field in form.iter()
        if field.tag in ("input", "textarea")
        if field.get("type") not in ("hidden", "submit", "button", "checkbox", "radio")
        if any(TELLS.search(field.get(of) or "") for of in ("name", "type", "autocomplete"))
    ]


def faults(text: str) -> list[str]:
    """What is wrong with the HTML of a whole page."""
    found = [*_invalid(text), *told_in_addresses(text)]
    if not re.search(r'<html lang="(?:zh-Hans|zh-hans|en)"', text):
        found.append("no language")
    headings = len(re.findall(r"<h1[ >]", text))
    if headings != 1:
        found.append(f"{headings} h1")
    title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
    told = " ".join(html.unescape(title.group(1)).split()) if title else ""
    if not re.fullmatch(
        r"(?:错误：|Error: ?)?\S.* · (?:售后台|Aftersales Desk|After-sales Desk)", told
    ):
        found.append(f"title: {told}")
    return found


def _invalid(text: str) -> list[str]:
    tree, errors = parsed(text)
    lines = text.splitlines()
    found = [f"{code} {about}: {lines[row - 1].strip()[:90]}" for (row, _at), code, about in errors]
    ids: set[str] = set()
    for element in tree.iter():
        name = element.get("id") if isinstance(element.tag, str) else None
        if name is not None and (name in ids or not name or " " in name):
            found.append(f"id {name!r} twice or bad")
        ids.add(name or "")
    blocks, phrases = set(BLOCKS.split()), set(PHRASES.split())
    for element in tree.iter():
        if element.tag in phrases - {"summary"}:
            found += [
                f"<{inner.tag}> in <{element.tag}>"
                for inner in element.iter()
                if inner is not element and inner.tag in blocks
            ]
        if element.tag == "summary":
            found += [
                f"<{inner.tag}> in <summary>"
                for inner in element.iter()
                if inner.tag in blocks - {"h1", "h2", "h3", "h4"}
            ]
        if element.tag in ("ul", "ol"):
            found += [
                f"<{inner.tag}> in <{element.tag}>"
                for inner in element
                if isinstance(inner.tag, str) and inner.tag not in ("li", "script", "template")
            ]
        if element.tag == "dl":
            found += [
                f"<{inner.tag}> in <dl>"
                for inner in element
                if isinstance(inner.tag, str) and inner.tag not in ("dt", "dd", "div")
            ]
    return sorted(set(found))


def seen_faults(page: Page) -> list[str]:
    """What axe finds in light and in dark, and whether a page scrolls sideways at 320 px."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = _axe(page, RULES, "light")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += _axe(page, COLOURS, "dark")
    size: Any = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 800})
    wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    if wide > 0:
        found.append(f"scrolls {wide} px sideways at 320: {page.evaluate(WIDEST)}")
    page.set_viewport_size(size)
    return found


def _axe(page: Page, rules: dict[str, Any], theme: str) -> list[str]:
    if not page.evaluate("!!window.axe"):
        page.evaluate(AXE)
    told = page.evaluate(
        # Without axe's own copies of the style sheets, which the policy refuses rightly.
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], preload: false})",
        rules,
    )
    return [
        f"{theme} {each['id']} {node['target']}: {node['html'][:110]}"
        for each in told["violations"]
        for node in each["nodes"][:3]
    ]


# What sticks out, but for what scrolls inside a part of the page.
WIDEST = """[...document.querySelectorAll("body *")].filter(el => {
    for (let at = el.parentElement; at !== document.body && at; at = at.parentElement)
      if (getComputedStyle(at).overflowX !== "visible") return false;
    return el.getBoundingClientRect().right > innerWidth + 1;
  }).slice(0, 4).map(el => el.tagName + "." + el.className).join(" ")"""
