"""What pages and steps are measured against: bare views of the same rows, in the same process.

They come through the same middlewares, as the pages do and as both would on a server, and show of
each row what the queue shows of it (until November 2026 it was half of that, and no middleware), from
one indexed query in a template that was read before. Nobody signs in, nothing is worded. The step is
one statement with the writes that no step can do without: the case moved on, and its event.
"""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from aftersales.models import Case

SHOWN = (
    *("code", "version", "type", "status", "stage", "amount", "quantity", "due_at", "applied_at"),
    *("line__title", "line__sku", "line__image", "order__number", "order__state"),
    *("reason__label_zh", "round_number", "round_state", "assignee__user__username"),
)
BARE = engines["django"].from_string(
    "<table>{% for c in cases %}<tr>"
    + "".join(f"<td>{{{{ c.{name} }}}}</td>" for name in SHOWN)
    + "</tr>{% endfor %}</table>"
)
STEP = """
WITH moved AS (
    UPDATE aftersales_case SET status = 'refunding', turn = 'refund', version = version + 1,
        updated_at = now(), due_at = NULL, wake_at = NULL
    WHERE id = %s RETURNING id, shop_id, version)
INSERT INTO aftersales_event
    (case_id, shop_id, version, step, party, before, after, details, at, key, hash)
SELECT id, shop_id, version, 'agree', 'merchant', 'pending_merchant', 'refunding', '{}', now(), '', ''
FROM moved
"""


def rows(request: HttpRequest) -> HttpResponse:
    cases = Case.objects.filter(shop=int(request.GET["shop"]), turn="mine").order_by("due_at", "pk")
    return HttpResponse(BARE.render({"cases": cases.values(*SHOWN)[:25]}))


def case(request: HttpRequest) -> HttpResponse:
    found = Case.objects.filter(code=request.GET["code"]).values(*SHOWN)
    return HttpResponse(BARE.render({"cases": found}))


def step(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(STEP, [request.POST["case"]])
    return HttpResponse(status=302)


urlpatterns = [path("list/", rows), path("case/", case), path("step/", step)]
