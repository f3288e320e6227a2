"""Compare our refunds with the gateway's own books: above all after an older backup was restored."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aftersales import clock
from aftersales.payments.reconciling import Books


class Command(BaseCommand):
    help = (
        "List every refund on which our books and the gateway's do not agree. Nothing is paid or "
        "changed. Ends with 1 if there are any."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=30, help="how far back (30)")

    def handle(self, *, days: int, **options: Any) -> None:
        books = Books(clock.now() - timedelta(days=days))
        many = 0
        for difference in books.differences():
            self.stdout.write(str(difference))
            many += 1
        told = f"{books.payouts} payouts, {books.refunds} paid refunds, {many} differences"
        if many:
            raise CommandError(told)
        self.stdout.write(told)
