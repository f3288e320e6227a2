"""买家页面: one line a page; a step's URL is its verb."""

from django.urls import path

from aftersales.forms import AnswerRequestForm
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
    path(CASE, cases.CasePage.as_view(), name="case"),
    path(f"{CASE}record/", cases.RecordPage.as_view(), name="record"),
    path(f"{CASE}dossier.pdf", dossier.CaseDossier.as_view(), {"form": "pdf"}, name="dossier_pdf"),
    path(f"{CASE}dossier.zip", dossier.CaseDossier.as_view(), {"form": "zip"}, name="dossier_zip"),
    path(f"{CASE}refund/", cases.MoneyPage.as_view(), name="refund"),
    path(f"{CASE}accept_plan/", steps.Accept.as_view(), name="accept_plan"),
    path(f"{CASE}reply/", steps.Reply.as_view(form_class=ReplyForm), name="reply"),
    path(
        f"{CASE}confirm_agreed/",
        steps.ConfirmAgreed.as_view(form_class=PlainForm),
        name="confirm_agreed",
    ),
    path(
        f"{CASE}send_message/",
        steps.Chat.as_view(form_class=MessageForm),
        name="send_message",
    ),
    path(f"{CASE}ask_for/", steps.AskFor.as_view(form_class=RecallForm), name="ask_for"),
    path(
        f"{CASE}answer_request/<int:pk>/",
        steps.AnswerRequest.as_view(form_class=AnswerRequestForm),
        name="answer_request",
    ),
    path(
        f"{CASE}send_back/",
        steps.SendBack.as_view(step="send_back", form_class=ReturnForm),
        name="send_back",
    ),
    path(
        f"{CASE}correct_tracking/",
        steps.SendBack.as_view(step="correct_tracking", form_class=ReturnForm),
        name="correct_tracking",
    ),
    path(
        f"{CASE}confirm_arrival/",
        steps.ConfirmArrival.as_view(form_class=PlainForm),
        name="confirm_arrival",
    ),
    path(
        f"{CASE}dispute_arrival/",
        steps.AskPlatform.as_view(step="dispute_arrival", form_class=DisputeForm),
        name="dispute_arrival",
    ),
    path(
        f"{CASE}choose_exchange/",
        steps.Choose.as_view(step="choose_exchange", form_class=PlainForm),
        name="choose_exchange",
    ),
    path(
        f"{CASE}choose_refund/",
        steps.Choose.as_view(step="choose_refund", form_class=PlainForm),
        name="choose_refund",
    ),
    path(
        f"{CASE}propose_suspension/",
        steps.ProposeSuspension.as_view(form_class=ProposeSuspensionForm),
        name="propose_suspension",
    ),
    path(
        f"{CASE}answer_suspension/",
        steps.AnswerSuspension.as_view(form_class=AnswerSuspensionForm),
        name="answer_suspension",
    ),
    path(
        f"{CASE}prove_suspension/",
        steps.ProveSuspension.as_view(form_class=SuspensionProofForm),
        name="prove_suspension",
    ),
    path("guarantee/", cases.Guarantee.as_view(), name="guarantee"),
    path(
        f"{CASE}answer_address/",
        steps.AnswerAddress.as_view(form_class=AnswerAddressForm),
        name="answer_address",
    ),
    path(
        f"{CASE}claim_freight/",
        steps.ClaimFreight.as_view(form_class=FreightForm),
        name="claim_freight",
    ),
    path(
        f"{CASE}report_refusal/",
        steps.ReportRefusal.as_view(form_class=RefusalForm),
        name="report_refusal",
    ),
    path(
        f"{CASE}add_evidence/",
        steps.AddEvidence.as_view(form_class=EvidenceForm),
        name="add_evidence",
    ),
    path(
        f"{CASE}ask_platform/",
        steps.AskPlatform.as_view(form_class=PlatformForm),
        name="ask_platform",
    ),
    path(f"{CASE}appeal/", steps.Appeal.as_view(form_class=AppealForm), name="appeal"),
    path(f"{CASE}withdraw/", steps.Withdraw.as_view(form_class=PlainForm), name="withdraw"),
    path(
        f"{CASE}ask_reopen/",
        steps.AskReopen.as_view(form_class=ReopenForm),
        name="ask_reopen",
    ),
    path(f"{CASE}cancel/", steps.Cancel.as_view(form_class=PlainForm), name="cancel"),
    path(
        f"{CASE}record_complaint/",
        steps.RecordComplaint.as_view(form_class=ComplaintForm),
        name="record_complaint",
    ),
    path(
        f"{CASE}update_complaint/",
        steps.UpdateComplaint.as_view(form_class=ComplaintStateForm),
        name="update_complaint",
    ),
]
