"""F78: yesterday's backup is restored, by the commands of docs/runbook.md, beside a gateway that went on."""

import io
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from aftersales.enums import RefundState, Status
from aftersales.models import Case, Refund
from aftersales.payments import pay_due
from tests import services
from tests.aftersales.negotiation.talk import whole
from tests.conftest import database_url
from tests.faults.bank import ADDRESS, Bank, open_bank

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "runbook.md"


@pytest.fixture
def bank(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    """A gateway outside the database, whose books no restore touches."""
    bank = Bank(1, moody=False)
    server = open_bank(bank)
    monkeypatch.setenv(ADDRESS, str(server.server_address[1]))
    settings.GATEWAY = "tests.faults.gateway.Loopback"
    yield bank
    server.shutdown()
    server.server_close()


def run(program: str, dump: Path) -> None:
    """The line of the runbook that begins with this program, on this test's database."""
    line = next(line for line in RUNBOOK.read_text().splitlines() if line.startswith(f"{program} "))
    line = line.replace('"$DATABASE_URL"', database_url()).replace("aftersales.dump", str(dump))
    path = f"{services.find_postgres()}:{os.environ['PATH']}"
    connection.close()
    subprocess.run(line.split(), env=os.environ | {"PATH": path}, check=True, timeout=120)


def reconciled() -> tuple[list[str], str]:
    """What the command lists, without the numbers of refunds; and its last line."""
    out = io.StringIO()
    try:
        call_command("reconcile", "--days", "3650", stdout=out)
    except CommandError as error:
        return [re.sub(r"  RF\S+", "", line) for line in out.getvalue().splitlines()], str(error)
    return [], out.getvalue().strip()


def standing(*cases: Case) -> list[str]:
    return [str(Case.objects.get(pk=case.pk).status) for case in cases]


def test_after_an_older_backup_nothing_is_paid_twice(
    make_desk: Any, bank: Bank, now: Any, tmp_path: Path
) -> None:
    now.move_to(time.time())  # the gateway keeps the real time
    paid, owed, late, other = (make_desk() for _ in range(4))
    lost, open_ = make_desk(), make_desk("waiting")
    paid.case.agree(by=paid.merchant)
    pay_due()
    owed.case.agree(by=owed.merchant)
    other.case.agree(by=other.merchant)
    Refund.objects.filter(case=other.case).update(due_at=None)  # not asked for before the crash
    run("pg_dump", tmp_path / "aftersales.dump")

    late.case.agree(by=late.merchant)
    lost.case.agree(by=lost.merchant)
    open_.case.agree(by=open_.merchant)
    assert pay_due() == 4
    assert standing(owed.case, late.case, lost.case) == [Status.REFUNDED] * 3
    before = list(bank.payouts)

    run("pg_restore", tmp_path / "aftersales.dump")
    assert standing(owed.case, late.case, lost.case) == [
        Status.REFUNDING,
        *[Status.PENDING_MERCHANT] * 2,
    ]
    lines, told = reconciled()

    owing = (
        "paid by the gateway, not yet here: the next sweep is told so, and nothing is paid again"
    )
    unknown = "paid by the gateway, not known here: the case stands at 待商家处理"
    assert sorted(lines) == sorted(
        [
            f"{owed.case.code}  ¥128.00  {owing}",
            *(f"{each.case.code}  ¥128.00  {unknown}" for each in (late, lost, open_)),
        ]
    )
    assert told == "5 payouts, 1 paid refunds, 4 differences"
    assert bank.payouts == before  # it has asked nobody for money

    # Life goes on: the sweep pays what the gateway lacks, and a case that is settled again is paid for.
    Refund.objects.filter(case=other.case).update(due_at=other.case.updated_at)
    Case.objects.get(pk=late.case.pk).agree(by=late.merchant)
    assert pay_due() == 3
    assert standing(paid.case, owed.case, late.case, other.case) == [Status.REFUNDED] * 4
    numbers = Counter(number for number, _amount, _at in bank.payouts)
    assert set(numbers.values()) == {1}
    assert len(numbers) == len(before) + 1
    lines, told = reconciled()
    assert {line.split()[0] for line in lines} == {lost.case.code, open_.case.code}
    assert told == "6 payouts, 4 paid refunds, 2 differences"
    assert all(whole(Case.objects.get(pk=each.case.pk)) for each in (owed, late, other))


def test_every_way_in_which_books_may_differ_is_told(make_desk: Any, bank: Bank, now: Any) -> None:
    now.move_to(time.time())
    failed, amount, missing, outside, twice = (make_desk() for _ in range(5))
    for each in (failed, amount, missing, outside, twice):
        each.case.agree(by=each.merchant)
    numbers = {each.case.code: each.case.refunds.get().number for each in (failed, amount, twice)}
    pay_due()
    Refund.objects.filter(case=failed.case).update(state=RefundState.FAILED)
    Refund.objects.filter(case=amount.case).update(amount=Decimal("45.00"))
    Refund.objects.filter(case=outside.case).update(proof="银行转账 0042")
    gone = {each.case.refunds.get().number for each in (missing, outside)}
    bank.payouts[:] = [each for each in bank.payouts if each[0] not in gone]
    bank.payouts += [
        (numbers[twice.case.code], Decimal("128.00"), time.time()),
        ("RF202611010000000-1", Decimal("1280.00"), time.time()),
    ]

    lines, told = reconciled()

    assert sorted(lines) == sorted(
        [
            f"{failed.case.code}  ¥128.00  paid by the gateway, failed here: press 重试退款,"
            " nothing is paid again",
            f"{amount.case.code}  ¥128.00  the gateway paid ¥128.00, here it is ¥45.00",
            f"{twice.case.code}  ¥128.00  paid by the gateway more than once",
            f"{missing.case.code}  ¥128.00  paid here, not in the gateway's books",
            "AS202611010000000  ¥1,280.00  paid by the gateway, and there is no such case here",
        ]
    )
    assert told.endswith("5 differences")


def test_books_that_agree_are_said_to(make_desk: Any, now: Any) -> None:
    """The shipped ledger."""
    desk = make_desk()
    desk.case.agree(by=desk.merchant)
    pay_due()
    assert reconciled() == ([], "1 payouts, 1 paid refunds, 0 differences")
