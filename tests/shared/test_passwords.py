"""Which passwords nobody may take, and whose a password is (ASVS 6.2, 6.4)."""

import ast
import hashlib
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import get_password_validators, validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from aftersales.models import User
from tests.shared.test_sign_in import clerk, nothing_counted, sign_in
from tests.test_house import SAFE, read_settings

__all__ = ["clerk", "nothing_counted"]

LEAKED = ["bluemonkey-1987", "moonlight-river", "zebra-crossing-5", "qwop-qwop-qwop"]
GIVEN, OWN = "tall-oaks-from-acorns", "only-he-knows-this-1"


@pytest.mark.parametrize("counts", [True, False])
def test_nobody_takes_a_password_that_has_leaked(counts: bool, tmp_path: Path) -> None:
    """ASVS 6.2.4, 6.2.12: each of the list, wherever it stands in it, and no other."""
    known = tmp_path / "leaked.txt"
    hashes = sorted(
        hashlib.sha1(each.encode(), usedforsecurity=False).hexdigest().upper() for each in LEAKED
    )
    lines = [f"{each}:{number}" if counts else each for number, each in enumerate(hashes)]
    known.write_text("\r\n".join(lines))
    settings = {"LEAKED_PASSWORDS": str(known)}
    told = read_settings(**SAFE | settings, code="print(s.AUTH_PASSWORD_VALIDATORS[-1])")
    validators = get_password_validators([ast.literal_eval(told.stdout)])
    for each in LEAKED:
        with pytest.raises(ValidationError, match="泄露"):
            validate_password(each, password_validators=validators)
    for number in range(40):
        validate_password(f"not-among-them-{number}", password_validators=validators)
    known.write_text("")
    validate_password(LEAKED[0], password_validators=validators)


def test_a_password_that_was_given_is_changed_before_anything_else(
    admin_client: Client, clerk: User
) -> None:
    """ASVS 6.4.1: it lets in to choose one's own, and nowhere else."""
    url = reverse("admin:auth_user_password_change", args=[clerk.pk])
    given = {"password1": GIVEN, "password2": GIVEN, "usable_password": "true"}
    assert admin_client.post(url, given).status_code == 302

    his = Client()
    sign_in(his, password=GIVEN)
    change = reverse("account_change_password")
    for elsewhere in ("/merchant/", "/my/", "/admin/password_change/"):
        assert his.get(elsewhere)["Location"] == change
    page = his.get(change)
    assert "管理员设置" in page.text
    sent = {"oldpassword": GIVEN, "password1": OWN, "password2": OWN}
    assert his.post(change, sent).status_code == 302
    again = Client()
    sign_in(again, password=OWN)
    assert again.get("/merchant/").status_code == 200


def test_a_new_account_begins_with_a_password_that_was_given(
    admin_client: Client, admin_user: User
) -> None:
    """A superuser who changes his own is asked nothing."""
    made = {"username": "new", "password1": GIVEN, "password2": GIVEN, "usable_password": "true"}
    admin_client.post(reverse("admin:aftersales_user_add"), made)
    assert User.objects.get(username="new").password_given
    url = reverse("admin:auth_user_password_change", args=[admin_user.pk])
    admin_client.post(url, {"password1": OWN, "password2": OWN, "usable_password": "true"})
    assert not User.objects.get(pk=admin_user.pk).password_given
    assert admin_client.get("/admin/").status_code == 200
