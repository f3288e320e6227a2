"""How pages write amounts, moments, names and deadlines."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.utils import translation

from aftersales import display
from aftersales.templatetags import desk

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2025, 11, 23, 12, 47, 42, tzinfo=SHANGHAI)


def at(day: int, hour: int, minute: int = 0, *, month: int = 11, year: int = 2025) -> datetime:
    """A moment in Shanghai, stored in UTC as the database stores it."""
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def render(source: str, **context: object) -> str:
    return Template("{% load desk %}" + source).render(Context({"now": NOW, **context}))


# Amounts


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Decimal("1128"), "¥1,128.00"),
        (Decimal("0.01"), "¥0.01"),
        (Decimal("0"), "¥0.00"),
        (Decimal("-12.5"), "-¥12.50"),
        (None, "—"),
    ],
)
def test_an_amount_in_a_sentence_has_its_sign_and_two_places(amount, text):
    assert display.money(amount) == text


def test_an_amount_in_a_column_has_no_sign():
    assert display.plain_money(Decimal("1128")) == "1,128.00"
    assert (
        render("{{ amount|plain_money }} {{ amount|money }}", amount=Decimal("9")) == "9.00 ¥9.00"
    )


# Moments


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (at(23, 13, 55), "13:55"),
        (at(23, 0, 0), "00:00"),
        (at(24, 0, 0), "11-24 00:00"),
        (at(24, 9, 12), "11-24 09:12"),
        (at(1, 0, 30, month=1), "01-01 00:30"),
        (at(24, 9, 12, year=2024), "2024-11-24 09:12"),
        (None, "—"),
    ],
)
def test_a_moment_is_as_long_as_it_must_be(moment, text):
    assert display.when(moment, NOW) == text


def test_english_names_the_month():
    with translation.override("en"):
        assert display.when(at(4, 9, 12), NOW) == "4 Nov, 09:12"
        assert display.when(at(24, 9, 12, year=2024), NOW) == "24 Nov 2024, 09:12"


def test_a_day_is_a_day_in_shanghai():
    just_after_midnight = at(24, 0, 5)
    assert just_after_midnight.date().day == 23  # in UTC

    assert display.when(just_after_midnight, NOW) == "11-24 00:05"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (at(23, 13, 55), "今天 13:55"),
        (at(24, 9, 12), "11-24（周一）09:12"),
        (at(30, 12, 0), "11-30（周日）12:00"),
        (at(2, 8, 0, month=1, year=2026), "2026-01-02（周五）08:00"),
        (None, "—"),
    ],
)
def test_a_deadline_in_a_sentence_names_the_weekday(moment, text):
    assert display.deadline(moment, NOW) == text


@pytest.mark.parametrize(
    ("past", "text"),
    [
        (timedelta(seconds=59), "刚刚"),
        (timedelta(minutes=1), "1 分钟前"),
        (timedelta(minutes=59, seconds=59), "59 分钟前"),
        (timedelta(hours=1), "1 小时前"),
        (timedelta(hours=23, minutes=59), "23 小时前"),
        (timedelta(hours=24), "11-22 12:47"),
    ],
)
def test_a_notice_says_how_long_ago_it_came(past, text):
    assert display.ago(NOW - past, NOW) == text


# Time left


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(days=1, hours=2, minutes=59), "1天2小时"),
        (timedelta(days=1), "1天0小时"),
        (timedelta(days=1) - timedelta(microseconds=1), "23:59:59"),
        (timedelta(hours=1, minutes=14, seconds=18), "01:14:18"),
        (timedelta(seconds=1, milliseconds=999), "00:00:01"),
        (timedelta(milliseconds=1), "00:00:00"),
        (timedelta(), "已到期"),
        (-timedelta(hours=3), "已到期"),
    ],
)
def test_never_more_time_is_shown_than_there_is(left, text):
    assert display.remaining(NOW + left, NOW) == text


def test_a_clock_card_counts_to_the_second():
    until = NOW + timedelta(days=1, hours=2, seconds=3)

    assert display.remaining(until, NOW, to_the_second=True) == "1天 02:00:03"


@pytest.mark.parametrize(
    ("left", "level"),
    [
        (timedelta(hours=12), ""),
        (timedelta(hours=12) - timedelta(seconds=1), "soon"),
        (timedelta(hours=2), "soon"),
        (timedelta(hours=2) - timedelta(seconds=1), "urgent"),
        (timedelta(seconds=1), "urgent"),
        (timedelta(), "over"),
    ],
)
def test_a_deadline_presses_as_the_settings_say(left, level):
    assert display.level(NOW + left, NOW) == level


def test_the_thresholds_are_settings(settings):
    settings.DUE_SOON_HOURS, settings.DUE_URGENT_HOURS = 72, 24

    assert display.level(NOW + timedelta(hours=30), NOW) == "soon"
    assert display.level(NOW + timedelta(hours=23), NOW) == "urgent"


def test_every_deadline_is_written_twice():
    html = render("{% due until now %}", until=at(23, 13, 5))

    assert '<span class="due urgent">' in html
    assert '<b data-until="2025-11-23T13:05:00+08:00">00:17:18</b>' in html
    assert '<time datetime="2025-11-23T13:05:00+08:00">13:05</time> 到期' in html
    assert "紧急" in html  # a colour says nothing to those who do not see it


def test_an_expired_deadline_says_what_happens_instead_of_ticking():
    html = render('{% due until now over="正在按买家要求处理" %}', until=at(23, 12, 0))

    assert "已到期" in html
    assert "正在按买家要求处理" in html
    assert "data-until" not in html


def test_an_expired_countdown_does_not_reload_the_page_for_ever():
    assert "data-" not in display.countdown(NOW, NOW, reload=True)


def test_no_deadline_is_a_dash_that_can_be_heard():
    assert "无" in render("{% due until now %}", until=None)


def test_a_clock_card_gives_all_four_facts():
    html = render(
        '{% clock_card until now title="处理剩余时间" otherwise="到期自动退款 ¥128.00" %}'
        "<button>同意退款</button>{% endclock_card %}",
        until=at(24, 9, 12),
    )

    assert "20:24:18" in html
    assert "11-24（周一）09:12</time> 截止" in html
    assert "到期自动退款 ¥128.00" in html
    assert "<button>同意退款</button>" in html


# Names and numbers


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("林小树", "林**树"),
        ("陈明", "陈**"),
        ("欧阳小小树", "欧**树"),
        ("云", "**"),
        ("", "—"),
    ],
)
def test_a_name_is_recognised_not_told(name, text):
    assert display.mask(name) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("18612341402", "186****1402"),
        ("0571-88881234", "0571-****"),
        ("12315", "****"),
        ("", "—"),
    ],
)
def test_a_phone_number_never_reaches_a_page(number, text):
    assert display.mask_phone(number) == text


def test_long_numbers_are_named_by_their_end():
    assert display.tail("AS2025112200318") == "尾号 0318"
    assert render("{{ number|shorten }}", number="SF1234567731") == "SF…7731"


@pytest.mark.parametrize(
    ("size", "text"), [(18_400_000, "18.4 MB"), (320_000, "320 KB"), (12, "1 KB")]
)
def test_file_sizes_are_as_people_say_them(size, text):
    assert display.file_size(size) == text


# Components


def test_a_badge_of_an_unknown_kind_is_a_mistake():
    assert display.badge("待我处理", "mine") == '<span class="st mine">待我处理</span>'
    with pytest.raises(ValueError, match="red"):
        display.badge("待我处理", "red")


def test_what_people_wrote_is_shown_not_run():
    evil = "<script>alert(1)</script>"
    html = render(
        "{% status_badge evil 'mine' %}{% dialog 'x' evil %}{{ evil }}{% enddialog %}"
        "{% due until now over=evil %}{% log entries now %}{% shots shots %}",
        evil=evil,
        until=NOW,
        entries=[display.Entry(evil, evil, NOW, evil)],
        shots=[display.Shot("/f/1", "/f/1/thumb", evil)],
    )

    assert "<script>" not in html


class Rejection(forms.Form):
    reason = forms.CharField(error_messages={"required": "请选择驳回原因"})
    outcome = forms.ChoiceField(
        choices=[("", "请选择"), ("price", "金额未谈拢"), ("transit", "商品在途")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择第一轮的结果"},
    )

    def clean(self):
        self.add_error(None, "请耐心等待消费者回复")


def test_the_error_summary_links_every_problem_to_its_control():
    html = render("{% error_summary form %}", form=Rejection({}))

    assert '<a href="#id_reason">请选择驳回原因</a>' in html
    assert '<a href="#id_outcome_0">请选择第一轮的结果</a>' in html
    assert "请耐心等待消费者回复" in html
    assert "还有 3 处需要补充或修改" in html
    assert 'role="alert"' in html
    alone = render(
        "{% error_summary form %}", form=Rejection({"reason": "质量", "outcome": "price"})
    )
    assert "没有提交成功" in alone  # a conflict: there is nothing to amend
    assert "处需要补充或修改" not in alone


class Outage(forms.Form):
    start = forms.CharField(label="故障开始", error_messages={"required": "请填写此项"})
    end = forms.CharField(label="故障结束", error_messages={"required": "请填写此项"})
    why = forms.CharField(label="原因", error_messages={"required": "请填写原因"})


def test_of_two_same_sentences_the_summary_names_the_fields():
    """请填写此项, twice, told nobody which."""
    html = render("{% error_summary form %}", form=Outage({}))

    assert '<a href="#id_start">故障开始：请填写此项</a>' in html
    assert '<a href="#id_end">故障结束：请填写此项</a>' in html
    assert '<a href="#id_why">请填写原因</a>' in html


def test_without_mistakes_there_is_no_error_summary():
    assert (
        render("{% error_summary form %}{% error_summary nothing %}", form=Rejection()).strip()
        == ""
    )


def test_a_refused_choice_stays_visible_with_its_reason():
    form = Rejection()
    form.fields["outcome"].refusals = {"transit": "与本单物流不符，不可选"}

    price, transit = desk.choices_of(form["outcome"])

    assert (price.label, price.refusal) == ("金额未谈拢", "")
    assert (transit.label, transit.refusal) == ("商品在途", "与本单物流不符，不可选")


def test_paging_keeps_the_filter():
    request = RequestFactory().get("/cases/?tab=mine&page=2")
    page = Paginator(range(137), 50).page(2)

    html = Template("{% load desk %}{% pager page %}").render(
        RequestContext(request, {"page": page})
    )

    assert "?tab=mine&amp;page=1" in html
    assert "?tab=mine&amp;page=3" in html
    assert "共 137 条" in html


def test_the_page_names_its_language():
    assert render("{% html_lang %}") == "zh-Hans"
    with translation.override("en"):
        assert render("{% html_lang %}") == "en"
