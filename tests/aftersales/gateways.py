"""A payment gateway for tests: answers as told, keeps its own books, and looks around."""

from decimal import Decimal
from typing import Any, ClassVar

from django.db import connection

from aftersales.payments.gateway import Answer

PATH = f"{__name__}.Scripted"


class Scripted:
    """``answers`` are used up one a call (an exception is raised), then everything is paid.

    ``calls`` is what was asked; ``books`` what was paid under which number. A call within a
    transaction fails the test: it would hold locks while somebody else's machine thinks.
    """

    answers: ClassVar[list[Any]] = []
    calls: ClassVar[list[tuple[str, str, Decimal]]] = []
    books: ClassVar[dict[str, Decimal]] = {}
    before_answer: ClassVar[list[Any]] = []  # called once each, as if another worker were faster

    @classmethod
    def reset(cls) -> None:
        for kept in (cls.answers, cls.calls, cls.books, cls.before_answer):
            kept.clear()

    def refund(
        self, *, number: str, route: str, reference: str, amount: Decimal
    ) -> tuple[Answer, str]:
        assert connection.in_atomic_block is False
        self.calls.append((number, route, amount))
        if self.before_answer:
            self.before_answer.pop(0)()
        answer = self.answers.pop(0) if self.answers else Answer.PAID
        if answer == Answer.PAID or answer is PaidThenGone:
            self.books.setdefault(number, amount)
        if isinstance(answer, type) and issubclass(answer, BaseException):
            raise answer("the gateway is gone")
        return answer, "" if answer == Answer.PAID else "渠道答复"


class PaidThenGone(BaseException):
    """The gateway has paid, and our process dies before it can note it."""
