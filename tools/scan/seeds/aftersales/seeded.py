"""Every mistake that the scanners must find, each on a line that says who finds it.

Copied into a copy of the project and scanned with it; never part of the product.
"""

import hashlib
import logging
import pickle
import random
import subprocess
import urllib.request
from pathlib import Path

import requests
import yaml
from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.models.expressions import RawSQL
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.views.decorators.csrf import csrf_exempt

from aftersales.models import Case, Order
from aftersales.payments.gateway import gateway
from aftersales.tasks import pay_refunds

log = logging.getLogger(__name__)


def search(request):
    query = request.GET.get("q", "")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM x WHERE code = '{query}'")  # seed: bandit B608
    Order.objects.extra(where=["number = '%s'" % query])  # seed: bandit B610
    Order.objects.annotate(found=RawSQL("number = '%s'" % query))  # seed: bandit B611
    Order.objects.raw("SELECT * FROM aftersales_order")  # seed: semgrep raw-query
    return HttpResponse(mark_safe(query))  # seed: bandit B308, bandit B703


def run(request):
    pickle.loads(request.body)  # seed: bandit B301
    yaml.load(request.body, Loader=yaml.Loader)  # seed: bandit B506
    eval(request.GET["rule"])  # seed: bandit B307
    exec(request.GET["rule"])  # seed: bandit B102
    subprocess.run("ls " + request.GET["folder"], shell=True)  # seed: bandit B602
    requests.get("https://carrier.example", verify=False, timeout=9)  # seed: bandit B501
    urllib.request.urlopen(request.GET["hook"])  # seed: bandit B310
    hashlib.md5(request.body)  # seed: bandit B324
    password = "correct-horse"  # seed: bandit B105
    return HttpResponse(str(random.random()) + password)  # seed: bandit B311, semgrep html-by-hand


def pages(request):
    format_html(f"<b>{request.user}</b>")  # seed: semgrep formatted-before-escaping
    answer = HttpResponse(f"<b>{request.user}</b>")  # seed: semgrep html-by-hand
    answer.set_cookie("prefs", "en")  # seed: semgrep cookie-of-our-own
    if request.GET.get("token") == settings.METRICS_TOKEN:  # seed: semgrep secret-compared
        return redirect(request.GET["next"])  # seed: semgrep redirect-to-parameter
    chosen = request.POST.get("next", "/")
    return HttpResponseRedirect(chosen)  # seed: semgrep redirect-to-parameter


def files(request):
    name = request.GET["name"]
    with open(settings.VAR / name) as file:  # seed: semgrep path-from-request
        log.info("opened for %s", request.user.nick)  # seed: semgrep person-in-log
        log.warning("called", phone=file.read())  # seed: semgrep person-in-log
    return Path(request.POST["folder"])  # seed: semgrep path-from-request


def pay(case):
    with transaction.atomic():
        case.save()
        gateway().refund(number="1")  # seed: semgrep outside-inside-transaction
        send_mail("", "", None, [])  # seed: semgrep outside-inside-transaction
        pay_refunds.delay()  # seed: semgrep outside-inside-transaction


def take_over(request):
    Order.objects.create(**request.POST.dict())  # seed: semgrep model-rebuilt-from-request


@csrf_exempt  # seed: semgrep csrf-exempt
def without_token(request):
    return HttpResponse(get_object_or_404(Case, pk=request.POST["pk"]))
