"""中止, as a buyer fills it in (T-23)."""

from aftersales.enums import Party
from aftersales.suspensions import AnswerForm, ProofForm, ProposeForm


class ProposeSuspensionForm(ProposeForm):
    """提议中止 (T-23)."""

    as_party = Party.BUYER


class AnswerSuspensionForm(AnswerForm):
    """答复中止提议."""

    as_party = Party.BUYER


class SuspensionProofForm(ProofForm):
    """提交受理凭证."""

    as_party = Party.BUYER
