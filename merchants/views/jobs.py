"""批量任务: the list, one of them with its progress and results, and exports with their files (M16, M17)."""

import csv
import io
import uuid
from functools import cached_property
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Paginator
from django.db.models import Case as When
from django.db.models import QuerySet, Value
from django.db.models import When as If
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView, ListView, TemplateView, View

from aftersales import clock
from aftersales.enums import JobKind, JobResult, JobState, Permission
from aftersales.jobs import exporting, running
from aftersales.models import Job, Member, Notice, Shop, User
from aftersales.sheets import neutral
from merchants.forms.bulk import ExportForm
from merchants.orderlist import OrderList
from merchants.views.base import ShopView, current_member, must_be_able
from merchants.worklist import LONGEST, WorkList

BADGES = {
    JobState.RUNNING: "them",
    JobState.DONE: "ok",
    JobState.CANCELLED: "off",
    JobState.FAILED: "mine",
}
ITEM_BADGES = {
    JobResult.WAITING: "them",
    JobResult.DONE: "ok",
    JobResult.FAILED: "mine",
    JobResult.SKIPPED: "off",
}
# Who may do a kind of work may also stop it and fetch what it left.
PERMISSIONS = {
    JobKind.AGREE: Permission.AGREE,
    JobKind.ASSIGN: Permission.NEGOTIATE,
    JobKind.EXPORT: Permission.EXPORT,
}


class Jobs(ShopView, ListView):
    """Every job of this shop, the newest first; ``?kind=export`` only the files."""

    template_name = "merchants/jobs/list.html"
    paginate_by = 20

    @property
    def exports(self) -> bool:
        return self.request.GET.get("kind") == JobKind.EXPORT

    def get_queryset(self) -> QuerySet[Job]:
        found = Job.objects.filter(shop=self.shop).select_related("user").counted().order_by("-pk")
        return found.filter(kind=JobKind.EXPORT) if self.exports else found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        rows = [(job, BADGES[JobState(job.state)]) for job in context["page_obj"]]
        may_export = self.member.can(Permission.EXPORT)
        return context | {
            "rows": rows,
            "now": clock.now(),
            "exports": self.exports,
            "may_export": may_export,
            "shops": self.request.shops,  # type: ignore[attr-defined]
        }


class JobView(LoginRequiredMixin):
    """A page about one job: of another shop it is a 404."""

    request: HttpRequest
    job: Job
    member: Member
    shop: Shop

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if isinstance(request.user, User):
            mine = Job.objects.for_merchant(request.user).counted().select_related("shop", "user")
            self.job = get_object_or_404(mine, code=kwargs["code"])
            self.member = current_member(request, request.user, self.job.shop_id)
            self.shop = self.member.shop
        return super().dispatch(request, *args, **kwargs)

    def may_touch(self) -> None:
        if permission := PERMISSIONS.get(JobKind(self.job.kind)):
            must_be_able(self.member, permission)

    def progress(self) -> dict[str, Any]:
        """How far the job is: what the shared component of long work shows."""
        job: Any = self.job
        done = job.done if job.is_export else job.ok + job.failed
        told = _("已处理 %(done)s / %(total)s 单") % {"done": done, "total": job.total}
        return {
            "title": _("正在%(kind)s") % {"kind": job.get_kind_display()},
            "percent": min(99, done * 100 // job.total) if job.total else None,
            "told": told,
            "failed": _("失败 %(n)s 单") % {"n": job.failed} if job.failed else "",
            "poll_url": reverse("merchants:job_progress", args=[job.code]),
            "page_url": reverse("merchants:job", args=[job.code]),
        }


class JobPage(JobView, TemplateView):
    """Where it stands, and once it has ended what came of each case, the failed first."""

    template_name = "merchants/jobs/job.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job: Any = self.job
        if Notice.objects.filter(user=self.member.user_id, job=job).mark_read(clock.now()):
            del self.request.unread  # type: ignore[attr-defined]  # the bell counts anew
        first = When(If(state=JobResult.FAILED, then=Value(0)), default=Value(1))
        items = job.items.select_related("case__line").order_by(first, "pk")
        page = Paginator(items, 50).get_page(self.request.GET.get("page"))
        rows = [(item, ITEM_BADGES[JobResult(item.state)]) for item in page]
        failed = job.items.filter(state=JobResult.FAILED).select_related("case")
        return super().get_context_data(
            job=job,
            now=clock.now(),
            badge=BADGES[JobState(job.state)],
            progress=self.progress(),
            told=self.told(),
            page_obj=page,
            rows=rows,
            again=[f"{each.case.code}:{each.case.version}" for each in failed],
            again_url="" if job.is_export else reverse(f"merchants:bulk_{job.kind}"),
            fetchable=fetchable(job) and self.member.can(Permission.EXPORT),
            over=not fetchable(job),
            shops=self.request.shops,  # type: ignore[attr-defined]
            **kwargs,
        )

    def told(self) -> list[tuple[str, str]]:
        """What the job was told, in words."""
        job = self.job
        if job.kind == JobKind.ASSIGN:
            return [(_("处理人"), job.told["name"] or _("未分配"))]
        if job.kind == JobKind.TAG:
            return [(_("标签"), job.told["tag"])]
        if job.is_export:
            source = exporting.SOURCES[job.told["of"]]
            return [
                (_("内容"), str(source.name)),
                (_("格式"), str(exporting.FORMATS[job.told["format"]][0])),
            ]
        return []


class JobProgress(JobView, TemplateView):
    """The progress alone, for polling; once the job has ended, the page itself."""

    template_name = "components/job_progress.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.job.running:
            return self.render_to_response(self.progress())
        if getattr(request, "htmx", False):
            return HttpResponse(headers={"HX-Refresh": "true"})
        return redirect("merchants:job", self.job.code)


class CancelJob(JobView, View):
    """取消剩余: what is done stays done."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.may_touch()
        running.cancel(self.job)
        return redirect("merchants:job", self.job.code)


class FailedItems(JobView, View):
    """下载失败行: the cases that failed, with why, for a spreadsheet."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.may_touch()
        failed = self.job.items.filter(state=JobResult.FAILED).select_related("case__line")
        if not failed:
            raise Http404
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([_("售后单号"), _("商品"), _("金额（元）"), _("原因")])
        for item in failed:
            cells = (item.case.code, item.case.line.title, str(item.case.worth), item.reason)
            writer.writerow([neutral(cell) for cell in cells])
        return HttpResponse(
            text.getvalue().encode("utf-8-sig"),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="failed.csv"'},
        )


class JobFile(JobView, View):
    """The file of an export, for members who may export, until it expires."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> FileResponse:
        must_be_able(self.member, Permission.EXPORT)
        if not fetchable(self.job):
            raise Http404
        answer = FileResponse(
            self.job.file.open("rb"),
            as_attachment=True,
            filename=self.job.filename,
            content_type=exporting.FORMATS[self.job.told["format"]][2],
        )
        answer["Cache-Control"] = "no-store"
        return answer


def fetchable(job: Job) -> bool:
    expires = job.expires_at
    return bool(job.state == JobState.DONE and job.file and expires and expires > clock.now())


class NewExport(ShopView, FormView):
    """导出: the list in hand (``of`` and ``list`` name it), which columns, in which format."""

    permission = Permission.EXPORT
    template_name = "merchants/jobs/export.html"
    form_class = ExportForm

    @cached_property
    def of(self) -> str:
        told = self.request.POST.get("of") or self.request.GET.get("of", "")
        return "orders" if told == "orders" else "cases"

    @cached_property
    def query(self) -> str:
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        return given.get("list", "")[:LONGEST]

    @cached_property
    def listed(self) -> QuerySet[Any]:
        """The list as its page shows it, all of it."""
        query = QueryDict(self.query)
        if self.of == "orders":
            return OrderList(query, self.shop).orders
        work = WorkList(query, self.member, self.request.team)  # type: ignore[attr-defined]
        return work.cases.order_by(*work.order)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"of": self.of}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        count = self.listed.order_by().count()
        page = reverse("merchants:orders" if self.of == "orders" else "merchants:queue")
        return super().get_context_data(
            of=self.of,
            source=exporting.SOURCES[self.of].name,
            query=self.query,
            count=count,
            problem=exporting.problem(count),
            days=exporting.KEPT.days,
            back_url=f"{page}?{self.query}" if self.query else page,
            click=uuid.uuid4().hex,
            shops=self.request.shops,  # type: ignore[attr-defined]
            **kwargs,
        )

    def form_valid(self, form: ExportForm) -> HttpResponse:
        if exporting.problem(self.listed.order_by().count()):
            return self.form_invalid(form)
        job = running.start(
            self.shop,
            self.member.user,
            JobKind.EXPORT,
            key=self.request.POST.get("key", "")[:64] or uuid.uuid4().hex,
            rows=self.listed.values_list("pk", flat=True),
            of=self.of,
            **form.cleaned_data,
        )
        return redirect("merchants:job", job.code)

    def form_invalid(self, form: ExportForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)
