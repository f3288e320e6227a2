"""买家页面: one line a page; a step's URL is its verb."""

from functools import partial

from django.urls import path

from aftersales.forms import AnswerRequestForm
from aftersales.paths import step_path
from buyers.forms import (
    AnswerAddressForm,
    AppealForm,
    ComplaintForm,
    ComplaintStateForm,
    DisputeForm,
    EvidenceForm,
    FreightForm,
    MessageForm,
    PlainForm,
    PlatformForm,
    RecallForm,
    RefusalForm,
    ReopenForm,
    ReturnForm,
)
from buyers.replying import ReplyForm
from buyers.suspending import (
    AnswerSuspensionForm,
    ProposeSuspensionForm,
    SuspensionProofForm,
)
from buyers.views import applying, asking, cases, dossier, orders, service, steps

app_name = "buyers"

ORDER = "orders/<slug:shop>/<str:number>/"  # a number is unique in its shop only
ASK = f"{ORDER}lines/<int:line>/ask/"
APPLY = f"{ORDER}lines/<int:line>/apply/"
CASE = "cases/<str:code>/"
act = partial(step_path, CASE)

urlpatterns = [
    path("", orders.Home.as_view(), name="home"),
    path("orders/", orders.Orders.as_view(), name="orders"),
    path("orders/find/", orders.FindOrder.as_view(), name="find_order"),
    path(ORDER, orders.OrderPage.as_view(), name="order"),
    path(ASK, asking.Ask.as_view(), name="ask"),
    path(f"{ASK}<int:pk>/", asking.AnswerProposal.as_view(), name="answer_proposal"),
    path(APPLY, applying.Choose.as_view(), name="apply"),
    path(f"{APPLY}<str:kind>/", applying.Fill.as_view(), name="apply_form"),
    path(f"{APPLY}<str:kind>/review/", applying.Review.as_view(), name="review"),
    path(f"{ORDER}lines/<int:line>/service/", service.Ask.as_view(), name="ask_service"),
    path("service/", service.Requests.as_view(), name="service"),
    path("service/<str:number>/", service.RequestPage.as_view(), name="service_request"),
    path("service/<str:number>/close/", service.Close.as_view(), name="close_service"),
    path("cases/", cases.Cases.as_view(), name="cases"),
    path("guarantee/", cases.Guarantee.as_view(), name="guarantee"),
    path(CASE, cases.CasePage.as_view(), name="case"),
    path(f"{CASE}record/", cases.RecordPage.as_view(), name="record"),
    path(f"{CASE}dossier.pdf", dossier.CaseDossier.as_view(), {"form": "pdf"}, name="dossier_pdf"),
    path(f"{CASE}dossier.zip", dossier.CaseDossier.as_view(), {"form": "zip"}, name="dossier_zip"),
    path(f"{CASE}refund/", cases.MoneyPage.as_view(), name="refund"),
    act("accept_plan", steps.Accept),
    act("reply", steps.Reply, ReplyForm),
    act("confirm_agreed", steps.ConfirmAgreed, PlainForm),
    act("send_message", steps.Chat, MessageForm),
    act("ask_for", steps.AskFor, RecallForm),
    act("answer_request", steps.AnswerRequest, AnswerRequestForm, tail="<int:pk>/"),
    act("send_back", steps.SendBack, ReturnForm),
    act("correct_tracking", steps.SendBack, ReturnForm),
    act("confirm_arrival", steps.ConfirmArrival, PlainForm),
    act("dispute_arrival", steps.AskPlatform, DisputeForm),
    act("choose_exchange", steps.Choose, PlainForm),
    act("choose_refund", steps.Choose, PlainForm),
    act("propose_suspension", steps.ProposeSuspension, ProposeSuspensionForm),
    act("answer_suspension", steps.AnswerSuspension, AnswerSuspensionForm),
    act("prove_suspension", steps.ProveSuspension, SuspensionProofForm),
    act("answer_address", steps.AnswerAddress, AnswerAddressForm),
    act("claim_freight", steps.ClaimFreight, FreightForm),
    act("report_refusal", steps.ReportRefusal, RefusalForm),
    act("add_evidence", steps.AddEvidence, EvidenceForm),
    act("ask_platform", steps.AskPlatform, PlatformForm),
    act("appeal", steps.Appeal, AppealForm),
    act("withdraw", steps.Withdraw, PlainForm),
    act("ask_reopen", steps.AskReopen, ReopenForm),
    act("cancel", steps.Cancel, PlainForm),
    act("record_complaint", steps.RecordComplaint, ComplaintForm),
    act("update_complaint", steps.UpdateComplaint, ComplaintStateForm),
]
