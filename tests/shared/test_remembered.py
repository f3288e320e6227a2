"""Parts of pages that are drawn once for the values they are made of, and lists that Jinja draws."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils.safestring import SafeString
from django.utils.translation import override

from aftersales.models import Shop

COUNTED = Template(
    "{% load quick i18n %}{% remember n=n name=name %}"
    "{{ n }} {{ name }} {% translate '售后台' %}{{ request }}{{ csrf_token }}{% endremember %}"
)


def drawn(**given):
    return COUNTED.render(Context(given))


def test_a_part_follows_its_values_and_the_language():
    assert drawn(n=1, name="甲") == drawn(n=1, name="甲") == "1 甲 售后台"
    assert drawn(n=2, name="甲") == "2 甲 售后台"
    assert drawn(n=True, name="甲") == "True 甲 售后台"
    with override("en"):
        assert drawn(n=1, name="甲") != "1 甲 售后台"


def test_a_part_knows_nothing_but_its_values():
    """So nothing of one person's page is shown to another."""
    assert drawn(n=1, name="乙", request="GET", csrf_token="secret") == "1 乙 售后台"


def test_safe_text_is_not_remembered_for_unsafe():
    assert drawn(n=1, name=SafeString("<b>")).startswith("1 <b>")
    assert drawn(n=1, name="<b>").startswith("1 &lt;b&gt;")


def test_a_row_of_a_table_is_no_value():
    """It equals itself by its key, whatever has changed in it."""
    with pytest.raises(TypeError, match="plain values"):
        drawn(n=1, name=Shop(pk=1, name="甲"))
    with pytest.raises(TypeError, match="plain values"):
        drawn(n=1, name=["甲"])


def test_what_is_remembered_is_given_by_name():
    with pytest.raises(TemplateSyntaxError):
        Template("{% load quick %}{% remember counts %}{% endremember %}")
