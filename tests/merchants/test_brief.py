"""The brief's sentences on the merchant's case page that no other test names (S-64, S-82)."""


def test_the_entry_is_on_the_case_page(make_case, at_desk, text_of):
    """S-64, S-60: 驳回退款 opens the tool; there is no form that rejects at once."""
    case = make_case()
    response = at_desk.look("case", case)
    assert "驳回退款" in text_of(response)
    html = response.content.decode()
    assert f'/cases/{case.code}/reject/" method="post"' not in html


def test_talking_online_comes_before_the_phone(make_case, at_desk):
    """S-82: online chat is offered first."""
    html = at_desk.look("case", make_case()).content.decode()
    assert 0 < html.index("在线聊天") < html.index("虚拟号")
