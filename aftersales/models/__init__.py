"""The rows: everything the product remembers."""

from aftersales.models.agreeing import AgreeRule
from aftersales.models.case import (
    Application,
    Arrived,
    Case,
    CaseQuerySet,
    CounterOffer,
    Item,
    Offering,
)
from aftersales.models.catalogue import (
    DecisionReason,
    Outcome,
    Plan,
    Proof,
    Reason,
    RejectReason,
    Risk,
    Scenario,
    Script,
    StepForm,
)
from aftersales.models.complaint import Channel, Complaint
from aftersales.models.consistency import Check, Finding
from aftersales.models.conversation import Conversation
from aftersales.models.desk import Note, SavedView, Tag
from aftersales.models.dossier import DossierCopy
from aftersales.models.draft import Draft
from aftersales.models.edition import Edition
from aftersales.models.extension import Extension
from aftersales.models.figures import Counted, DayFigure, Lived, Measure, RolledDay
from aftersales.models.history import Attempt, Event, Evidence, Fault, Notice, Upload
from aftersales.models.importing import ImportJob, RowError
from aftersales.models.intervention import (
    Appeal,
    Intervention,
    Supplement,
    Suspension,
    SuspensionProposal,
)
from aftersales.models.job import Job, JobItem
from aftersales.models.negotiation import (
    CaseRequest,
    Message,
    Offer,
    Precheck,
    Proposal,
    Round,
    VirtualNumber,
)
from aftersales.models.order import Order, OrderChange, OrderLine, Parcel, Payment
from aftersales.models.people import Member, ReturnAddress, Shop, User
from aftersales.models.policy import Agreement, Policy, Window
from aftersales.models.pulse import Pulse
from aftersales.models.refund import LedgerEntry, LedgerMood, Refund
from aftersales.models.returning import FreightClaim, Receipt
from aftersales.models.rulebook import RulebookMark
from aftersales.models.scripting import ShopScript
from aftersales.models.service import ServiceMessage, ServiceRequest
from aftersales.models.session import Session
from aftersales.models.simulation import Simulation

__all__ = [
    "AgreeRule",
    "Agreement",
    "Appeal",
    "Application",
    "Arrived",
    "Attempt",
    "Case",
    "CaseQuerySet",
    "CaseRequest",
    "Channel",
    "Check",
    "Complaint",
    "Conversation",
    "Counted",
    "CounterOffer",
    "DayFigure",
    "DecisionReason",
    "DossierCopy",
    "Draft",
    "Edition",
    "Event",
    "Evidence",
    "Extension",
    "Fault",
    "Finding",
    "FreightClaim",
    "ImportJob",
    "Intervention",
    "Item",
    "Job",
    "JobItem",
    "LedgerEntry",
    "LedgerMood",
    "Lived",
    "Measure",
    "Member",
    "Message",
    "Note",
    "Notice",
    "Offer",
    "Offering",
    "Order",
    "OrderChange",
    "OrderLine",
    "Outcome",
    "Parcel",
    "Payment",
    "Plan",
    "Policy",
    "Precheck",
    "Proof",
    "Proposal",
    "Pulse",
    "Reason",
    "Receipt",
    "Refund",
    "RejectReason",
    "ReturnAddress",
    "Risk",
    "RolledDay",
    "Round",
    "RowError",
    "RulebookMark",
    "SavedView",
    "Scenario",
    "Script",
    "ServiceMessage",
    "ServiceRequest",
    "Session",
    "Shop",
    "ShopScript",
    "Simulation",
    "StepForm",
    "Supplement",
    "Suspension",
    "SuspensionProposal",
    "Tag",
    "Upload",
    "User",
    "VirtualNumber",
    "Window",
]
