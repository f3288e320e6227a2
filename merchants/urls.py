"""商家后台: one line a page; a step's URL is its verb."""

from django.urls import include, path
from django.utils.translation import gettext_lazy

from aftersales import suspensions
from aftersales.forms import AnswerRequestForm, AskForForm
from merchants.forms.answering import (
    AgreeReturnForm,
    AppealForm,
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
    AskAddressForm,
    FillReturnForm,
    ReceiveForm,
    SettleFreightForm,
)
from merchants.urls_importing import importing_urls
from merchants.urls_jobs import jobs_urls
from merchants.views import scripts, shop
from merchants.views.base import MerchantStep as Step
from merchants.views.case import (
    Answer,
    AnswerRequest,
    Appeal,
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
    path(f"{CASE}agree/", Answer.as_view(step="agree"), name="agree"),
    path(
        f"{CASE}agree_return/",
        Step.as_view(step="agree_return", form_class=AgreeReturnForm),
        name="agree_return",
    ),
    path(f"{CASE}agree_resend/", Answer.as_view(step="agree_resend"), name="agree_resend"),
    path(f"{CASE}agree_refusal/", Answer.as_view(step="agree_refusal"), name="agree_refusal"),
    path(f"{CASE}undo/", Undo.as_view(step="undo"), name="undo"),
    path(f"{CASE}take_back/", Answer.as_view(step="take_back"), name="take_back"),
    path(f"{CASE}confirm_receipt/", Answer.as_view(step="confirm_receipt"), name="confirm_receipt"),
    path(
        f"{CASE}ship_replacement/",
        Step.as_view(step="ship_replacement", form_class=ShipForm),
        name="ship_replacement",
    ),
    path(
        f"{CASE}report_unrepairable/",
        Step.as_view(step="report_unrepairable", form_class=UnrepairableForm),
        name="report_unrepairable",
    ),
    path(f"{CASE}refund_instead/", Answer.as_view(step="refund_instead"), name="refund_instead"),
    path(
        f"{CASE}receive/",
        Receive.as_view(step="receive_part", form_class=ReceiveForm),
        name="receive_part",
    ),
    path(f"{CASE}refuse_collect/", Answer.as_view(step="refuse_collect"), name="refuse_collect"),
    path(
        f"{CASE}fill_return/",
        Step.as_view(step="fill_return", form_class=FillReturnForm),
        name="fill_return",
    ),
    path(
        f"{CASE}ask_address/",
        Step.as_view(step="ask_address", form_class=AskAddressForm),
        name="ask_address",
    ),
    path(
        f"{CASE}settle_freight/",
        SettleFreight.as_view(step="settle_freight", form_class=SettleFreightForm),
        name="settle_freight",
    ),
    path(f"{CASE}accept_counter/", Answer.as_view(step="accept_counter"), name="accept_counter"),
    path(
        f"{CASE}improve_offer/",
        Step.as_view(step="improve_offer", form_class=ImproveForm),
        name="improve_offer",
    ),
    # The tool
    path(f"{CASE}confirm_risks/", RiskCheck.as_view(), name="confirm_risks"),
    path(f"{CASE}negotiate/", Negotiate.as_view(), name="negotiate"),
    path(f"{CASE}wait/", Wait.as_view(), name="wait"),
    path(f"{CASE}reject/", Reject.as_view(step="reject"), name="reject"),
    path(f"{CASE}refuse_receipt/", Reject.as_view(step="refuse_receipt"), name="refuse_receipt"),
    path(f"{CASE}rejected/", Rejected.as_view(), name="rejected"),
    # Talking
    path(
        f"{CASE}send_message/",
        Chat.as_view(step="send_message", form_class=MessageForm),
        name="send_message",
    ),
    path(
        f"{CASE}add_evidence/",
        Step.as_view(step="add_evidence", form_class=EvidenceForm),
        name="add_evidence",
    ),
    path(
        f"{CASE}ask_for/",
        Step.as_view(step="ask_for", form_class=AskForForm, done=gettext_lazy("请求已发给买家")),
        name="ask_for",
    ),
    path(
        f"{CASE}answer_request/<int:pk>/",
        AnswerRequest.as_view(step="answer_request", form_class=AnswerRequestForm),
        name="answer_request",
    ),
    path(f"{CASE}call/", Call.as_view(step="reveal_number"), name="call"),
    path(f"{CASE}assign/", Assign.as_view(step="assign", form_class=AssignForm), name="assign"),
    # The platform
    path(
        f"{CASE}ask_platform/",
        Step.as_view(step="ask_platform", form_class=AskPlatformForm),
        name="ask_platform",
    ),
    path(
        f"{CASE}propose_suspension/",
        Step.as_view(
            step="propose_suspension",
            form_class=suspensions.ProposeForm,
            done=gettext_lazy("已提议中止，等买家答复"),
        ),
        name="propose_suspension",
    ),
    path(
        f"{CASE}answer_suspension/",
        Step.as_view(
            step="answer_suspension",
            form_class=suspensions.AnswerForm,
            done=gettext_lazy("已答复中止提议"),
        ),
        name="answer_suspension",
    ),
    path(
        f"{CASE}prove_suspension/",
        Step.as_view(
            step="prove_suspension",
            form_class=suspensions.ProofForm,
            done=gettext_lazy("受理凭证已提交"),
        ),
        name="prove_suspension",
    ),
    path(
        f"{CASE}ask_reopen/",
        Step.as_view(step="ask_reopen", form_class=AskReopenForm),
        name="ask_reopen",
    ),
    path(f"{CASE}allow_again/", Answer.as_view(step="allow_again"), name="allow_again"),
    path(
        f"{CASE}give_address/",
        Step.as_view(step="give_address", form_class=GiveAddressForm),
        name="give_address",
    ),
    path(f"{CASE}appeal/", Appeal.as_view(step="appeal", form_class=AppealForm), name="appeal"),
    path(f"{CASE}withdraw/", Answer.as_view(step="withdraw"), name="withdraw"),
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
    path("scripts/", scripts.Scripts.as_view(), name="scripts"),
    path("scripts/add/", scripts.EditScript.as_view(), name="add_script"),
    path("scripts/<slug:code>/", scripts.EditScript.as_view(), name="edit_script"),
    path("scripts/<slug:code>/archive/", scripts.SetAside.as_view(), name="archive_script"),
    path(
        "scripts/<slug:code>/restore/",
        scripts.SetAside.as_view(active=True),
        name="restore_script",
    ),
    path("import/", include(importing_urls)),
    path("jobs/", include(jobs_urls)),
]
