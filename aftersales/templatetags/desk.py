"""The page authors' words: thin tags and filters over aftersales.display, and the shared components."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms, template
from django.core.paginator import Page
from django.forms.boundfield import BoundField
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _

from aftersales import bids, clock, display, platform, uploads
from aftersales.enums import ItemState
from aftersales.models import Channel, Evidence

register = template.Library()

register.filter("exact", display.exact)
register.filter("money", display.money)
register.filter("plain_money", display.plain_money)
register.filter("kept_money", display.kept_money)
register.filter("mask", display.mask)
register.filter("device", display.device)
register.filter("shorten", display.shorten)
register.filter("file_size", display.file_size)
register.simple_tag(display.due, name="due")
register.simple_tag(display.countdown, name="countdown")
register.simple_tag(display.badge, name="status_badge")
register.simple_tag(display.nothing, name="nothing")


@register.filter
def unstopped(text: str) -> str:
    """Somebody's words without their full stop, where the sentence goes on or ends after them."""
    return text.rstrip().removesuffix("。").removesuffix(".")


@register.filter
def claim(case: Any) -> str:
    """What a case asks for in a word: an amount, or 换货, 补寄, 维修."""
    return str(case.get_type_display()) if case.wants_goods else display.money(case.amount)


@register.filter
def plan_kept(details: dict[str, Any]) -> str:
    """The plan that an event keeps in its details, in one line with its amount and terms."""
    return bids.as_kept(details, clock.now())


@register.filter
def ruling_kept(details: dict[str, Any]) -> str:
    """What a ruling gives, as its event keeps it, with its amount."""
    return platform.found(details)[0]


@register.filter
def responsible_kept(details: dict[str, Any]) -> str:
    return platform.found(details)[1]


@register.filter
def when(moment: datetime | None, now: datetime | None = None) -> str:
    """{{ dt|when:now }}; without the page's now, the product's clock is asked."""
    return display.when(moment, now or clock.now())


@register.filter
def deadline(moment: datetime | None, now: datetime | None = None) -> str:
    return display.deadline(moment, now or clock.now())


@register.filter
def level(until: datetime | None, now: datetime | None = None) -> str:
    return display.level(until, now or clock.now())


@register.filter
def ago(moment: datetime, now: datetime | None = None) -> str:
    return display.ago(moment, now or clock.now())


@register.filter
def or_nothing(value: Any) -> Any:
    """What there is, or the dash that can be heard."""
    return value or display.nothing()


@register.filter
def off(amount: Decimal) -> str:
    """-¥3.00: what is taken off."""
    return display.money(-amount)


@register.filter
def item_state(value: str) -> str:
    """完好: how something arrived."""
    return str(ItemState(value).label) if value in ItemState.values else ""


@register.filter
def count(number: int) -> str:
    """1,203."""
    return f"{number:,}"


@register.simple_tag
def outside_channels() -> list[Channel]:
    """Whom one can turn to outside the platform (S-24, S-41)."""
    return list(Channel.objects.filter(active=True))


@register.simple_tag
def moment(at: datetime | None, now: datetime | None) -> SafeString:
    """A past or future moment inside <time datetime>."""
    return display.time_tag(at, display.when(at, now))


@register.simple_tag
def till(until: datetime | None, now: datetime) -> SafeString:
    """A deadline in a sentence, with its weekday, inside <time datetime>."""
    return display.time_tag(until, display.deadline(until, now))


@register.simple_tag
def html_lang() -> str:
    """zh-Hans, en: the language of the page as HTML writes it."""
    return to_locale(get_language() or "zh-hans").replace("_", "-")


@register.simple_tag(takes_context=True)
def current(context: template.Context, url: str) -> SafeString:
    """Marks the navigation link whose pages, or the page itself, is being looked at.

    A part that is remembered knows its page as ``here``.
    """
    request = context.get("request")
    here = context.get("here") or (request.path if request else "")
    marked = bool(url) and here.startswith(url)
    return SafeString('aria-current="page"') if marked else SafeString("")


# Components


class Problem(NamedTuple):
    """One line of the error summary and the id of the control it is about."""

    target: str
    text: str
    label: str = ""


@register.inclusion_tag("components/error_summary.html")
def error_summary(*all_forms: Any, title: str = "") -> dict[str, Any]:
    """Everything wrong with one or more forms (or formsets), in the words shown at the fields; where
    two say the same, each with its field."""
    problems = [problem for form in all_forms if form for problem in problems_of(form)]
    often = Counter(problem.text for problem in problems if problem.label)
    problems = [
        each._replace(text=_("{name}：{text}").format(name=each.label, text=each.text))
        if often[each.text] > 1 and each.label
        else each
        for each in problems
    ]
    heading = ngettext("还有 {n} 处需要补充或修改", "还有 {n} 处需要补充或修改", len(problems))
    if not any(problem.target for problem in problems):  # nothing here to amend: a conflict, say
        heading = _("没有提交成功")
    return {"problems": problems, "title": title or heading.format(n=len(problems))}


def problems_of(form: forms.BaseForm | forms.BaseFormSet) -> Iterable[Problem]:
    if isinstance(form, forms.BaseFormSet):
        yield from (Problem("", str(text)) for text in form.non_form_errors())
        for each in form.forms:
            yield from problems_of(each)
        return
    yield from (Problem("", str(text)) for text in form.non_field_errors())
    for name in form.fields:  # in the order of the page, not of the checks
        texts = form.errors.get(name, ())
        field = form[name]
        yield from (Problem(control_id(field), str(text), str(field.label)) for text in texts)


@register.simple_tag(takes_context=True)
def error_mark(context: template.Context) -> str:
    """错误：, in front of the title of a page that shows a form with errors, whatever it is called."""
    shown = (each for scope in context.dicts for each in scope.values())
    return _("错误：") if any(map(_wrong, shown)) else ""


def _wrong(thing: Any) -> bool:
    kind = type(thing)  # to ask what a lazy thing is an instance of would make it
    if kind in (list, tuple):  # a named one is a row, and rows hold no forms
        return any(map(_wrong, thing))
    if issubclass(kind, forms.BaseFormSet):
        return thing.is_bound and bool(thing.total_error_count())
    return issubclass(kind, forms.BaseForm) and thing.is_bound and bool(thing.errors)


@register.filter
def control_id(field: BoundField) -> str:
    """The id that a link to this field must name: in a group, that of its first choice."""
    if field.field.widget.use_fieldset:
        return f"{field.auto_id}_0"
    return field.id_for_label or field.auto_id


@register.filter
def described_by(field: BoundField) -> str:
    """The ids of what is written about a group of choices: its help and its errors."""
    ids = [f"{field.auto_id}_helptext"] if field.help_text else []
    return " ".join([*ids, f"{field.auto_id}_error"] if field.errors else ids)


class Choice(NamedTuple):
    """One card of a choice; a refused one stays visible with its reason."""

    id: str
    name: str
    value: str
    label: str
    kind: str
    chosen: bool
    hint: str
    refusal: str
    inside: list[BoundField]


@register.filter
def choices_of(field: BoundField) -> list[Choice]:
    """The choices of a field as cards; field.field.hints and .refusals map value to sentence, and
    .inside to the names of the fields that only this choice asks for."""
    hints = getattr(field.field, "hints", {})
    refusals = getattr(field.field, "refusals", {})
    inside = getattr(field.field, "inside", {})
    return [
        Choice(
            id=option.id_for_label,
            name=option.data["name"],
            value=value,
            label=option.choice_label,
            kind=option.data["type"],
            chosen=option.data["selected"],
            hint=hints.get(value, ""),
            refusal=refusals.get(value, ""),
            inside=[field.form[name] for name in inside.get(value, ())],
        )
        for option in field.subwidgets
        if (value := str(option.data["value"]))
    ]


@register.filter
def is_group(field: BoundField) -> bool:
    return bool(field.field.widget.use_fieldset)


@register.filter
def is_choice(field: BoundField) -> bool:
    """Whether one chooses an answer rather than writes it: 必选, not 必填."""
    return isinstance(field.field.widget, forms.Select | forms.RadioSelect | forms.CheckboxInput)


@register.inclusion_tag("components/steps.html")
def steps(stops: Sequence[Any], label: str) -> dict[str, Any]:
    """The wizard's progress: objects or dicts with name, sub and state (done, on or nothing)."""
    return {"stops": stops, "label": label}


@register.inclusion_tag("components/log.html")
def log(entries: Sequence[Any], now: datetime | None, newest_first: bool = True) -> dict[str, Any]:
    """The record of a case: objects or dicts with who, what, at, text, kind, shots and sub.

    Without ``now``, on paper, every moment is written whole.
    """
    return {"entries": entries, "now": now, "newest_first": newest_first}


@register.inclusion_tag("components/shots.html")
def shots(items: Sequence[Any]) -> dict[str, Any]:
    """Evidence as thumbnails: objects or dicts with url, thumb, alt, note and badge."""
    return {"items": items}


@register.filter
def is_slot(field: BoundField) -> bool:
    """Whether a field takes files."""
    return bool(field.field.widget.needs_multipart_form)


@register.inclusion_tag("components/upload_slot.html")
def file_slot(field: BoundField) -> dict[str, Any]:
    """A form's file field as a place that takes files by button, drop and paste.

    A field with ``stage_url`` sends each file there as soon as it is chosen, and the answer, one
    <li>, joins the list; without it the files go with the form. Its ``files`` are those staged
    already, ``offered`` those on the case that may be ticked instead; ``drawing`` (a static file)
    shows how the picture is to look, ``number`` which one it is.
    """
    inner, widget = field.field, field.field.widget
    most = getattr(inner, "most", 0) or (3 if takes_many(widget) else 1)
    return {
        "name": field.html_name,
        "label": field.label,
        "id": field.id_for_label or field.auto_id or f"id_{field.html_name}",
        "rule": getattr(inner, "rule", "") or slot_rule(most, inner.required),
        "hint": field.help_text or getattr(widget, "hint", ""),
        "errors": field.errors,
        "files": getattr(inner, "files", ()),
        "stage_url": getattr(inner, "stage_url", ""),
        "accept": widget.attrs.get("accept", uploads.ACCEPT),
        "multiple": most > 1,
        "most": most,
        "too_many": _("最多上传 {n} 张").format(n=most),
        "required": inner.required,
        "material": getattr(inner, "offered", ()),
        "drawing": getattr(inner, "drawing", ""),
        "number": getattr(inner, "number", 0),
    }


def takes_many(widget: forms.Widget) -> bool:
    return bool(getattr(widget, "allow_multiple_selected", False))


def slot_rule(most: int, required: bool) -> str:
    if required and most > 1:
        return _("必传，1–{most} 张").format(most=most)
    if required:
        return _("必传")
    return _("选填，最多 {most} 张").format(most=most) if most > 1 else _("选填")


@register.filter
def as_shots(evidence: Iterable[Evidence]) -> list[display.Shot]:
    """Evidence (with its upload) as thumbnails; who may see which is the page's business."""
    return [
        display.Shot(
            url=reverse("file", args=[each.upload.token]),
            thumb=reverse("file", args=[each.upload.token]) if each.upload.image else "",
            badge=each.upload.held,
            alt=_("{party}凭证 {n}：{name}").format(
                party=each.get_party_display(), n=number, name=each.label or each.upload.name
            ),
            note=each.label if each.upload.image else each.upload.name,
        )
        for number, each in enumerate(evidence, start=1)
    ]


@register.inclusion_tag("components/pager.html")
def pager(page: Page) -> dict[str, Any]:
    """Previous and next page of a paginator's page, keeping the rest of the query."""
    return {"page": page}


@register.simple_block_tag
def dialog(content: str, id: str, title: str, alert: bool = False) -> SafeString:
    """{% dialog "wait" title %}…{% enddialog %}; opened by any control with data-open="wait"."""
    return render_block("dialog", {"content": content, "id": id, "title": title, "alert": alert})


@register.simple_block_tag
def clock_card(
    content: str, until: datetime, now: datetime, title: str, otherwise: str = "", say: str = ""
) -> SafeString:
    """{% clock_card until now title otherwise %}buttons{% endclock_card %}: a deadline's four facts."""
    return render_block(
        "clock_card",
        {
            "content": content,
            "until": until,
            "now": now,
            "title": title,
            "otherwise": otherwise,
            "say": say or title,
            "level": display.level(until, now),
        },
    )


@register.simple_block_tag
def hero(content: str, title: str, id: str = "hero") -> SafeString:
    """{% hero title %}…{% endhero %}: the buyer's answer to where it is and what now."""
    return render_block("hero", {"content": content, "title": title, "id": id})


def render_block(name: str, context: dict[str, Any]) -> SafeString:
    return render_to_string(f"components/{name}.html", context)
