"""Fill an empty database with the demo market; called by ``manage.py demo``."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from aftersales.market.build import Market
from aftersales.models import Shop


class Command(BaseCommand):
    help = "Fill an empty database with the demo market."

    def handle(self, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The market is made in the demo only (DEMO=1).")
        if Shop.objects.exists():
            return
        Market(self.stdout.write).build()
