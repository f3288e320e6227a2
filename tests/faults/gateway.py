"""The adapter by which the product asks the campaign's bank."""

import http.client
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from aftersales.payments.gateway import Answer, Payout
from tests.faults.bank import ADDRESS, PATIENCE


class Loopback:
    """``GATEWAY=tests.faults.gateway.Loopback``: what is not a clear answer is unknown."""

    def refund(
        self, *, number: str, route: str, reference: str, amount: Decimal
    ) -> tuple[Answer, str]:
        link = http.client.HTTPConnection("127.0.0.1", int(os.environ[ADDRESS]), timeout=PATIENCE)
        try:
            link.request("POST", "/", json.dumps({"number": number, "amount": str(amount)}))
            answer = link.getresponse()
            word = answer.read().decode()
        except OSError as error:
            return Answer.UNKNOWN, type(error).__name__
        finally:
            link.close()
        known = {200: Answer.PAID, 202: Answer.ACCEPTED}
        return known.get(answer.status, Answer.UNKNOWN), word

    def payouts(self, since: datetime) -> Iterator[Payout]:
        link = http.client.HTTPConnection("127.0.0.1", int(os.environ[ADDRESS]), timeout=PATIENCE)
        link.request("GET", "/")
        for number, amount, at in json.loads(link.getresponse().read()):
            when = datetime.fromtimestamp(at, UTC)
            if when >= since:
                yield Payout(number, Decimal(amount), when)
        link.close()
