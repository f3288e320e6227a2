"""R5: requests that no browser of ours makes: bodies, hosts, headers, ways on, and sessions (security.md §7)."""

import re
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from aftersales.models import Upload, User
from tests.factories import picture


def test_a_body_that_is_none_is_a_400(at: Any, buyer: User) -> None:
    """U25: without a boundary, of ten thousand parts, a file where text belongs and the reverse."""
    url, web = reverse("stage"), at(buyer)
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\nx\r\n'
    for body, kind, wanted in (
        (b"--x--", "multipart/form-data", {400, 422}),
        (b"not a part", "multipart/form-data; boundary=x", {400, 422}),
        (part * 10_000 + b"--x--", "multipart/form-data; boundary=x", {400, 413}),
        (part[:60], "multipart/form-data; boundary=x", {400, 422}),
        (b"file=text", "application/x-www-form-urlencoded", {422}),
        (b'{"file": 1}', "application/json", {422}),
    ):
        answer = web.generic("POST", url, body, content_type=kind)
        assert answer.status_code in wanted, (kind, answer.status_code)
    assert not Upload.objects.exists()


def test_files_have_no_address_but_their_own(
    at: Any, make_case: Any, buyer: User, stranger: User
) -> None:
    """U26: nothing is under a folder, and no header makes another's file half visible."""
    case = make_case()
    upload = case.evidence.first().upload
    web = at(stranger)
    for url in (
        "/media/",
        f"/media/{upload.file.name}",
        f"/{upload.file.name}",
        "/files/",
        "/files/1/",
    ):
        assert web.get(url).status_code == 404, url
    mine = reverse("file", args=[upload.token])
    for headers in (
        {"Range": "bytes=0-9"},
        {"If-None-Match": "*"},
        {"If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"},
    ):
        assert web.get(mine, headers=headers).status_code == 404


def test_too_many_fields_are_too_much(at: Any, buyer: User) -> None:
    """N11."""
    web = at(buyer)
    many = {f"f{n}": "x" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    assert web.post(reverse("prefs"), many).status_code in (400, 413)
    assert web.post(
        reverse("prefs"), {"a": "x" * 3_000_000}, content_type="application/x-www-form-urlencoded"
    ).status_code in (400, 413)


def test_a_row_that_nobody_can_have_ticked_is_a_400(at: Any, staff: User) -> None:
    """N7: in a list of the admin, Django's own included."""
    User.objects.filter(pk=staff.pk).update(is_superuser=True)
    for name, action in (("aftersales_intervention", "claim"), ("auth_group", "delete_selected")):
        url = reverse(f"admin:{name}_changelist")
        for row in ("password", "-1", "9" * 400):
            sent = {"action": action, "_selected_action": ["1", row]}
            assert at(staff).post(url, sent).status_code == 400, row
        assert at(staff).post(url, {"action": action, "_selected_action": "1"}).status_code < 400


def test_a_line_break_ends_no_header(at: Any, make_case: Any, buyer: User) -> None:
    """X3: nor in an address to go on to."""
    answer = at(buyer).post(
        reverse("set_language"), {"language": "en", "next": "/\r\nSet-Cookie: a=b"}
    )
    assert answer.status_code == 302
    assert "Set-Cookie: a=b" not in str(answer.headers)


AWAY = (
    "//evil.example",
    "https:evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "http://evil.example/",
    "\t//evil.example",
    "https://testserver@evil.example/",
    "///evil.example",
    "0x10",
    "admin:index",
)


def test_next_leads_nowhere_else(client: Client, buyer: User) -> None:
    """H7."""
    for away in AWAY:
        answer = client.post(reverse("set_language"), {"language": "en", "next": away})
        assert answer["Location"] == "/", away
        told = {"login": buyer.username, "password": "secret-for-tests"}
        answer = client.post(reverse("account_login"), told | {"next": away})
        assert away not in answer.get("Location", ""), away
        client.logout()


def test_another_host_is_nobody(client: Client) -> None:
    """H8: and what a proxy would say is not believed of anybody."""
    for host in ("evil.example", "testserver.evil.example", "testserver:80@evil", "", "a b"):
        assert client.get("/help/", headers={"Host": host}).status_code == 400, host
    told = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "1.1.1.1",
    }
    answer = client.get("/my/", headers=told)
    assert "evil" not in answer["Location"]
    assert not answer.wsgi_request.is_secure()


def test_no_other_site_frames_or_reads_us(client: Client, db: None) -> None:
    """H11."""
    answer = client.get(
        "/help/", headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    )
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in answer


def test_a_session_ends_with_what_it_stood_on(buyer: User) -> None:
    """H12: signed out, another password, shut out; and none is taken over that was there before."""
    one, other = Client(), Client()
    one.get(reverse("account_login"))
    one.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    one.post(reverse("account_login"), {"login": buyer.username, "password": "secret-for-tests"})
    kept = one.cookies[settings.SESSION_COOKIE_NAME].value
    assert kept != "a" * 32
    other.force_login(buyer)
    assert other.get("/my/").status_code == 200
    one.post(reverse("account_logout"))
    one.cookies[settings.SESSION_COOKIE_NAME] = kept
    assert one.get("/my/").status_code == 302
    buyer.set_password("another-secret")
    buyer.save()
    assert other.get("/my/").status_code == 302
    other.force_login(buyer)
    User.objects.filter(pk=buyer.pk).update(is_active=False)
    assert other.get("/my/").status_code == 302


def test_nobody_learns_whether_an_account_is_there(client: Client, buyer: User) -> None:
    """H13, H14: one answer to a wrong password and to a wrong name."""
    told = [
        re.sub(r"csrfmiddlewaretoken.*|X-CSRFToken.*|value=\"[^\"]*\"|请求编号.*", "", page)
        for name in (buyer.username, "nobody-at-all")
        for page in [
            client.post(reverse("account_login"), {"login": name, "password": "wrong"}).text
        ]
    ]
    assert told[0] == told[1]


def test_two_accounts_are_not_called_alike(client: Client, db: None) -> None:
    """H21: whatever the width and the case of the letters."""
    User.objects.create_user("linshu")
    for name in ("linshu", "LinShu", "ｌｉｎｓｈｕ", "linshu\u200b", " linshu "):  # noqa: RUF001
        told = {"username": name, "password1": "a-long-secret-9", "password2": "a-long-secret-9"}
        answer = client.post(reverse("account_signup"), told)
        assert answer.status_code in (200, 422), name
    assert User.objects.count() == 1


def test_headers_of_any_kind_are_borne(client: Client, db: None) -> None:
    """H22."""
    for headers in (
        {"Accept-Language": "x" * 5000},
        {"Accept-Language": "*;q=NaN, zh-;q=9"},
        {"Cookie": "; ".join(f"c{n}=v" for n in range(200))},
        {"Cookie": "prefs=" + "x" * 8000},
        {"User-Agent": "<script>" + "x" * 60_000},
        {"HX-Request": "perhaps", "HX-Current-URL": "javascript:alert(1)"},
    ):
        assert client.get("/help/", headers=headers).status_code == 200


def test_a_picture_of_a_name_that_says_otherwise_is_a_picture(at: Any, buyer: User) -> None:
    """U10, U13: what a browser is told comes from the content."""
    web = at(buyer)
    body = picture().read()
    web.post(
        reverse("stage"), {"file": SimpleUploadedFile("a.html", body, "text/html"), "slot": "x"}
    )
    upload = Upload.objects.get()
    answer: Any = web.get(reverse("file", args=[upload.token]))
    answer.getvalue()
    assert answer["Content-Type"].startswith("image/")
