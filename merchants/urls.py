"""商家后台: one line a page; a step's URL is its verb."""

from functools import partial

from django.urls import include, path
from django.utils.translation import gettext_lazy

from aftersales import suspensions
from aftersales.forms import AnswerRequestForm, AskForForm
from aftersales.paths import step_path
from merchants.forms.answering import (
    AgreeReturnForm,
    AppealForm,
    AskAddressForm,
    AskPlatformForm,
    AskReopenForm,
    AssignForm,
    EvidenceForm,
    GiveAddressForm,
    ImproveForm,
    MessageForm,
    ShipForm,
    UnrepairableForm,
)
from merchants.forms.parcels import (
    FillReturnForm,
    ReceiveForm,
    SettleFreightForm,
)
from merchants.urls_importing import importing_urls
from merchants.urls_jobs import jobs_urls
from merchants.views import rules, scripts, shop
from merchants.views.base import MerchantStep as Step
from merchants.views.case import (
    Answer,
    AnswerRequest,
    Appeal,
    AskPlatform,
    Assign,
    Call,
    CasePage,
    Chat,
    Peek,
    Undo,
    Wait,
)
from merchants.views.conversations import Conversations, Thread
from merchants.views.desk import (
    AddNote,
    AddTag,
    DropNote,
    DropTag,
    DropView,
    Presence,
    SaveView,
    Views,
)
from merchants.views.dossier import CaseDossier, PrintPage
from merchants.views.figures import OneFigure, Overview, Worked
from merchants.views.orders import Facts, OrderPage, Orders
from merchants.views.queue import ChooseShop, News, Queue
from merchants.views.returns import Receive, Returns, SettleFreight
from merchants.views.tool import Negotiate, Reject, Rejected, RiskCheck

CASE = "cases/<slug:code>/"
act = partial(step_path, CASE)

app_name = "merchants"
urlpatterns = [
    path("", Queue.as_view(), name="queue"),
    path("cases/", Queue.as_view(), name="cases"),
    path("news/", News.as_view(), name="news"),
    path("views/", Views.as_view(), name="views"),
    path("views/add/", SaveView.as_view(), name="save_view"),
    path("views/<int:pk>/", SaveView.as_view(), name="edit_view"),
    path("views/<int:pk>/delete/", DropView.as_view(), name="drop_view"),
    path("shop/", ChooseShop.as_view(), name="shop"),
    path(CASE, CasePage.as_view(), name="case"),
    path(f"{CASE}peek/", Peek.as_view(), name="peek"),
    path(f"{CASE}presence/", Presence.as_view(), name="presence"),
    path(f"{CASE}notes/", AddNote.as_view(), name="add_note"),
    path(f"{CASE}notes/<int:pk>/delete/", DropNote.as_view(), name="drop_note"),
    path(f"{CASE}tags/", AddTag.as_view(), name="add_tag"),
    path(f"{CASE}tags/<int:pk>/remove/", DropTag.as_view(), name="drop_tag"),
    path(f"{CASE}print/", PrintPage.as_view(), name="print"),
    path(f"{CASE}dossier.pdf", CaseDossier.as_view(), {"form": "pdf"}, name="dossier_pdf"),
    path(f"{CASE}dossier.zip", CaseDossier.as_view(), {"form": "zip"}, name="dossier_zip"),
    # In the buyer's favour
    act("agree", Answer),
    act("agree_return", Step, AgreeReturnForm),
    act("agree_resend", Answer),
    act("agree_refusal", Answer),
    act("undo", Undo),
    act("take_back", Answer),
    act("confirm_receipt", Answer),
    act("ship_replacement", Step, ShipForm),
    act("report_unrepairable", Step, UnrepairableForm),
    act("refund_instead", Answer),
    act("receive_part", Receive, ReceiveForm),
    act("refuse_collect", Answer),
    act("fill_return", Step, FillReturnForm),
    act(
        "ask_address", Step, AskAddressForm, done=gettext_lazy("已发给买家，等买家确认新的退货地址")
    ),
    act("settle_freight", SettleFreight, SettleFreightForm),
    act("accept_counter", Answer),
    act("improve_offer", Step, ImproveForm, done=gettext_lazy("金额已提高，买家会收到通知")),
    # The tool
    path(f"{CASE}confirm_risks/", RiskCheck.as_view(), name="confirm_risks"),
    path(f"{CASE}negotiate/", Negotiate.as_view(), name="negotiate"),
    path(f"{CASE}wait/", Wait.as_view(), name="wait"),
    act("reject", Reject),
    act("refuse_receipt", Reject),
    path(f"{CASE}rejected/", Rejected.as_view(), name="rejected"),
    # Talking
    act("send_message", Chat, MessageForm),
    act("add_evidence", Step, EvidenceForm, done=gettext_lazy("凭证已提交")),
    act("ask_for", Step, AskForForm, done=gettext_lazy("请求已发给买家")),
    act("answer_request", AnswerRequest, AnswerRequestForm, tail="<int:pk>/"),
    path(f"{CASE}call/", Call.as_view(step="reveal_number"), name="call"),
    act("assign", Assign, AssignForm),
    # The platform
    act("ask_platform", AskPlatform, AskPlatformForm),
    act(
        "propose_suspension",
        Step,
        suspensions.ProposeForm,
        done=gettext_lazy("已提议中止，等买家答复"),
    ),
    act("answer_suspension", Step, suspensions.AnswerForm, done=gettext_lazy("已答复中止提议")),
    act("prove_suspension", Step, suspensions.ProofForm, done=gettext_lazy("受理凭证已提交")),
    act("ask_reopen", Step, AskReopenForm, done=gettext_lazy("已提交，请等待平台答复")),
    act("allow_again", Answer),
    act("give_address", Step, GiveAddressForm),
    act("appeal", Appeal, AppealForm),
    act("withdraw", Answer),
    # Before any case
    path("conversations/", Conversations.as_view(), name="conversations"),
    path("conversations/<int:pk>/", Thread.as_view(), name="conversation"),
    # Parcels and orders
    path("returns/", Returns.as_view(), name="returns"),
    path("orders/", Orders.as_view(), name="orders"),
    path("orders/<str:number>/facts/", Facts.as_view(), name="order_facts"),
    path("orders/<str:number>/", OrderPage.as_view(), name="order"),
    # The shop
    path("figures/", Overview.as_view(), name="figures"),
    path("figures/<slug:key>/", OneFigure.as_view(), name="figure"),
    path("figures/<slug:kind>/<slug:code>/", Worked.as_view(), name="worked"),
    path("addresses/", shop.Addresses.as_view(), name="addresses"),
    path("addresses/add/", shop.EditAddress.as_view(), name="add_address"),
    path("addresses/<int:pk>/", shop.EditAddress.as_view(), name="edit_address"),
    path("addresses/<int:pk>/delete/", shop.DeleteAddress.as_view(), name="delete_address"),
    path("addresses/<int:pk>/default/", shop.DefaultAddress.as_view(), name="default_address"),
    path("members/", shop.Members.as_view(), name="members"),
    path("members/add/", shop.EditMember.as_view(), name="add_member"),
    path("members/<int:pk>/", shop.EditMember.as_view(), name="edit_member"),
    path("rules/", rules.Rules.as_view(), name="rules"),
    path("rules/add/", rules.EditRule.as_view(), name="add_rule"),
    path("rules/<slug:code>/", rules.EditRule.as_view(), name="edit_rule"),
    path("rules/<slug:code>/start/", rules.SwitchRule.as_view(active=True), name="start_rule"),
    path("rules/<slug:code>/stop/", rules.SwitchRule.as_view(), name="stop_rule"),
    path("scripts/", scripts.Scripts.as_view(), name="scripts"),
    path("scripts/add/", scripts.EditScript.as_view(), name="add_script"),
    path("scripts/<slug:code>/", scripts.EditScript.as_view(), name="edit_script"),
    path("scripts/<slug:code>/archive/", scripts.SwitchScript.as_view(), name="archive_script"),
    path(
        "scripts/<slug:code>/restore/",
        scripts.SwitchScript.as_view(active=True),
        name="restore_script",
    ),
    path("import/", include(importing_urls)),
    path("jobs/", include(jobs_urls)),
]
