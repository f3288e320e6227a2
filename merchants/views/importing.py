"""导入订单: upload, look at what was found, confirm, watch it come in, fetch what failed (M17)."""

from pathlib import PurePath
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.dateparse import parse_datetime
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.generic import FormView, ListView, TemplateView, View

from aftersales.display import Stop
from aftersales.enums import ImportState, OrderState, Permission
from aftersales.imports import jobs
from aftersales.models import ImportJob, Member, Shop, User
from merchants.forms.importing import UploadForm
from merchants.views.base import ShopView, current_member, must_be_able

BADGES = {
    ImportState.CHECKING: "them",
    ImportState.CHECKED: "mine",
    ImportState.QUEUED: "them",
    ImportState.IMPORTING: "them",
    ImportState.DONE: "ok",
    ImportState.FAILED: "off",
}
ENCODINGS = {"gb18030": "gb18030", "utf-8": "utf-8-sig"}


def brings_something(job: ImportJob) -> bool:
    return bool(job.new + job.updated)


def standing(job: ImportJob) -> tuple[str, str]:
    """Where a file stands, as its badge says it: what brings nothing waits for nobody."""
    if job.state == ImportState.CHECKED and not brings_something(job):
        return (_("没有可导入的订单") if job.failed else _("不需要导入")), "off"
    state = ImportState(job.state)
    return str(state.label), BADGES[state]


class Imports(ShopView, ListView):
    """Every file of this shop, the newest first."""

    permission = Permission.IMPORT
    template_name = "merchants/import/list.html"
    paginate_by = 20

    def get_queryset(self) -> QuerySet[ImportJob]:
        return self.shop.imports.select_related("uploader")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        rows = [(job, *standing(job)) for job in context["page_obj"]]
        return context | {"rows": rows}


class NewImport(ShopView, FormView):
    permission = Permission.IMPORT
    template_name = "merchants/import/new.html"
    form_class = UploadForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"shop": self.shop, "user": self.request.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(stops=stops(None), **kwargs)

    def form_valid(self, form: UploadForm) -> HttpResponse:
        return redirect("merchants:import_job", form.job.code)

    def form_invalid(self, form: UploadForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class JobView(LoginRequiredMixin):
    """A page about one import: of another shop it is a 404, without the permission a 403."""

    request: HttpRequest
    job: ImportJob
    member: Member
    shop: Shop

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if isinstance(request.user, User):
            mine = ImportJob.objects.for_merchant(request.user).select_related("shop", "uploader")
            self.job = get_object_or_404(mine, code=kwargs["code"])
            self.member = current_member(request, request.user, self.job.shop_id)
            self.shop = self.member.shop
            must_be_able(self.member, Permission.IMPORT)
        return super().dispatch(request, *args, **kwargs)


class ImportPage(JobView, TemplateView):
    """Where the file stands: being checked, to be confirmed, on its way in, done."""

    template_name = "merchants/import/job.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self.job
        errors = Paginator(job.errors.all(), 50).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            job=job,
            standing=standing(job),
            stops=stops(job),
            counts_shown=shown_counts(job),
            platform=platform_name(job.platform),
            other_platform=other_platform(job),
            earlier=jobs.earlier_import(job) if job.state == ImportState.CHECKED else None,
            sample=[sample_row(each) for each in job.sample],
            errors=errors,
            worth_importing=brings_something(job),
            **kwargs,
        )


class ImportProgress(JobView, TemplateView):
    """The progress alone, for polling; once there is something new to see, the page itself."""

    template_name = "merchants/import/_progress.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.job.active:
            return self.render_to_response(self.get_context_data(job=self.job))
        if getattr(request, "htmx", False):
            return HttpResponse(headers={"HX-Refresh": "true"})
        return redirect("merchants:import_job", self.job.code)


class ConfirmImport(JobView, View):
    """Asked twice it happens once."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        jobs.confirm(self.job)
        return redirect("merchants:import_job", self.job.code)


class FailedRows(JobView, View):
    """The rows that failed, with why; ``?encoding=gb18030`` for an Excel that knows no UTF-8."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        if not self.job.failed or not self.job.file:
            raise Http404
        encoding = ENCODINGS.get(request.GET.get("encoding", ""), "utf-8-sig")
        name = f"{PurePath(self.job.filename).stem}-{_('失败行')}.csv"
        charset = "utf-8" if encoding == "utf-8-sig" else encoding
        disposition = content_disposition_header(as_attachment=True, filename=name)
        return StreamingHttpResponse(
            jobs.failed_rows_file(self.job, encoding),
            content_type=f"text/csv; charset={charset}",
            headers={"Content-Disposition": disposition or "attachment"},
        )


def stops(job: ImportJob | None) -> list[Stop]:
    """上传, 预检, 确认, 导入: which is done and which is on."""
    names = [_("上传"), _("识别与预检"), _("确认"), _("导入")]
    at = {
        None: 0,
        ImportState.CHECKING: 1,
        ImportState.FAILED: 3 if job and job.confirmed_at else 1,
        ImportState.CHECKED: 2,
        ImportState.QUEUED: 3,
        ImportState.IMPORTING: 3,
        ImportState.DONE: 4,
    }[ImportState(job.state) if job else None]
    states = ["done"] * at + ["on"] + [""] * 4
    return [Stop(name, state=state) for name, state in zip(names, states, strict=False)]


def shown_counts(job: ImportJob) -> list[tuple[str, int]]:
    return [
        (_("新订单"), job.new),
        (_("有更新"), job.updated),
        (_("无变化"), job.unchanged),
        (_("失败的行"), job.failed),
    ]


def platform_name(code: str) -> str:
    names = {"pinduoduo": _("拼多多"), "taobao": _("淘宝"), "tmall": _("天猫")}
    return names.get(code, code)


def other_platform(job: ImportJob) -> str:
    """The shop's own platform, if the file comes from another one."""
    own = "taobao" if job.shop.platform == "tmall" else job.shop.platform
    return platform_name(job.shop.platform) if job.platform and own != job.platform else ""


def sample_row(kept: dict[str, Any]) -> dict[str, Any]:
    """A sample as the table shows it."""
    moment = kept["ordered_at"] and parse_datetime(kept["ordered_at"])
    return kept | {"state": OrderState(kept["state"]).label, "ordered_at": moment or None}
