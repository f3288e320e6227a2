"""What every form of a step shares: the version of the page, the key of the click, proof slots."""

import re
import unicodedata
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Field, Layout
from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales import uploads
from aftersales.enums import Party, RequestKind
from aftersales.models import Case, CaseRequest, Proof, Upload, User
from aftersales.rules import requests, visibility
from aftersales.steps import Refused

CARDS = "components/options.html"
PICTURES = 3  # to a message at most


class Staged(NamedTuple):
    """A file that is already here, as the slot shows it; ``value`` is what the form carries."""

    value: str
    name: str
    url: str
    thumb: str


@dataclass(frozen=True)
class Material:
    """A file that is on the case already, offered to be used again."""

    upload: Upload
    label: str
    thumb: str

    @property
    def value(self) -> str:
        return self.upload.token


def material_of(case: Case, party: Party) -> list[Material]:
    """本单素材: every file of the case whose content this side sees, whoever filed it."""
    found: dict[int, Material] = {}
    filed = case.evidence.select_related("upload")
    for each in filed.order_by("-pk"):
        if each.upload_id in found or not visibility.sees_content(each, case, party):
            continue
        url = reverse("file", args=[each.upload.token])
        label = f"{each.get_party_display()} {each.label or each.upload.name}"
        thumb = f"{url}?thumb=1" if each.upload.image else ""
        found[each.upload_id] = Material(each.upload, label, thumb)
    return list(found.values())


def staged(upload: Upload) -> Staged:
    url = reverse("file", args=[upload.token])
    name = upload.name if upload.clear else f"{upload.name} · {upload.get_scan_display()}"
    return Staged(upload.token, name, url, url if upload.image else "")


class SlotWidget(forms.FileInput):
    """A place for several files; the tokens of those already staged come beside them."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        tokens = data.getlist(f"{name}_kept") if hasattr(data, "getlist") else []
        chosen = files.getlist(name) if hasattr(files, "getlist") else []
        return tokens, chosen

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def use_required_attribute(self, initial: Any) -> bool:
        return False


class SlotField(forms.Field):
    """Proofs for one named slot; cleans to a list of Upload. Chosen files are staged at once, so
    that an error elsewhere on the form never loses a picture."""

    drawing = ""  # a static file that shows how the picture is to look
    number = 0  # its place among several pictures to be taken one after the other

    def __init__(
        self, *, user: Any, slot: str, label: str, required: bool, most: int = 3, hint: str = ""
    ) -> None:
        widget = SlotWidget(attrs={"accept": uploads.ACCEPT, "multiple": True})
        super().__init__(label=label, required=required, widget=widget, help_text=hint)
        self.user, self.slot, self.most = user, slot, most
        self.kept: list[Upload] = []
        self.own: dict[str, Upload] = {}  # of the files that were chosen, his own, by their tokens
        self.material: Callable[[], list[Material]] = list  # what else may be used: on the case
        self.stage_url = reverse("stage")
        self.rule = (_("必传，1–%(most)s 张") if required else _("选填，最多 %(most)s 张")) % {
            "most": most
        }

    @property
    def files(self) -> list[Staged]:
        return [staged(upload) for upload in self.kept]

    @property
    def offered(self) -> list[Material]:
        """What is on the case and not in this slot yet."""
        return [each for each in self.material() if each.upload not in self.kept]

    def _kept(self, tokens: Sequence[str]) -> list[Upload]:
        """His own files and the case's, in the order in which they were chosen; no others."""
        own = dict(self.own)
        if any(token not in own for token in tokens):
            own |= {each.value: each.upload for each in self.material()}
        return [own[token] for token in dict.fromkeys(tokens) if token in own]

    def clean(self, value: Any) -> list[Upload]:
        tokens, chosen = value or ([], [])
        self.kept = self._kept(tokens)
        errors = []
        for file in chosen:
            try:
                sent = uploads.keep(file, self.user)
                self.kept += [] if sent in self.kept else [sent]  # the same picture twice is one
            except Refused as refused:
                errors.append(refused.sentence)
        if len(self.kept) > self.most:
            errors.append(_("最多上传 %(count)s 张") % {"count": self.most})
        if errors:
            raise forms.ValidationError(errors)
        if self.required and not self.kept:
            raise forms.ValidationError(
                _("请上传%(slot)s（1–%(most)s 张）") % {"slot": self.label, "most": self.most}
            )
        return self.kept


YUAN = re.compile(r"-?[0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20}")


def _narrow(character: str) -> str:
    """A full-width digit, sign or comma as the narrow one; anything else as it is."""
    return unicodedata.normalize("NFKC", character) if "！" <= character <= "￥" else character


class MoneyField(forms.DecimalField):
    """Yuan with two places, typed by a person; full-width digits and ¥ are understood."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 12)
        kwargs.setdefault("decimal_places", 2)
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        )
        super().__init__(**kwargs)
        self.error_messages |= {
            "invalid": _("请输入金额，例如 45.00"),
            "max_decimal_places": _("金额最多两位小数"),
            "max_digits": _("金额太大"),
            "max_whole_digits": _("金额太大"),
            "required": _("请填写金额"),
        } | (kwargs.get("error_messages") or {})

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = "".join(map(_narrow, value)).replace("¥", "").replace(",", "").strip()
            if value and not YUAN.fullmatch(value):  # Decimal reads 1e5, 1_000 and ٣ too
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class SlotForm(forms.Form):
    """A form that takes proofs by slot, and shows a refusal where it belongs."""

    user: User
    draft_said = ""  # since when there is a draft of it

    def layout(self) -> Sequence[Any]:
        return list(self.fields)

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        helper.layout = Layout(*self.layout())
        return helper

    def add_slot(self, proof: Proof, *, required: bool | None = None) -> str:
        """A field for a proof slot of the catalogue; returns its name."""
        name = f"proof_{proof.code}"
        self.fields[name] = SlotField(
            user=self.user,
            slot=proof.code,
            label=proof.label,
            required=proof.required if required is None else required,
            most=proof.most,
            hint=proof.hint,
        )
        return name

    def words_or_pictures(self) -> str:
        """A message: its words (``text``) or pictures will do, and it needs one of the two."""
        label = _("图片")
        slot = self.add_slot(
            Proof(code="chat", label_zh=label, label_en=label, required=False, most=PICTURES)
        )
        self.fields["text"].rule = _("文字或图片，至少一样")  # type: ignore[attr-defined]
        self.fields[slot].rule = _("最多 %(most)s 张") % {"most": PICTURES}  # type: ignore[attr-defined]
        return slot

    def full_clean(self) -> None:
        """The files of all its slots are looked up at once."""
        if self.is_bound:
            slots = {
                name: each for name, each in self.fields.items() if isinstance(each, SlotField)
            }
            chosen = [
                token
                for name, slot in slots.items()
                for token in slot.widget.value_from_datadict(
                    self.data, self.files, self.add_prefix(name)
                )[0]
            ]
            own = {each.token: each for each in uploads.of(self.user, chosen)}
            for slot in slots.values():
                slot.own = own
        super().full_clean()

    @property
    def keeps_drafts(self) -> bool:
        """Whether it asks for words or files, which one would be sorry to lose."""
        typed = (forms.Textarea, forms.TextInput, SlotWidget)
        return any(isinstance(field.widget, typed) for field in self.fields.values())

    def evidence(self) -> dict[str, list[Upload]]:
        """The uploads of every slot that has some."""
        found = {}
        for name, field in self.fields.items():
            if isinstance(field, SlotField) and self.cleaned_data.get(name):
                found[field.slot] = self.cleaned_data[name]
        return found

    def refuse(self, refused: Refused) -> None:
        """Show a refusal where it belongs: at its fields, else above the form."""
        for name, sentence in refused.errors.items():
            self.add_error(name if name in self.fields else None, sentence)
        if not refused.errors:
            self.add_error(None, refused.sentence)


class StepForm(SlotForm):
    """The form of a step: ``answers()`` are the step's arguments.

    ``version`` is the case as the page showed it, ``key`` is this one click: a double click
    carries the same key and has one effect.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(
        self,
        *args: Any,
        case: Case,
        user: User,
        party: Party | None = None,
        label: str = "",
        **kwargs: Any,
    ) -> None:
        self.case, self.user, self.party, self.label = case, user, party, label
        self._material: list[Material] | None = None
        super().__init__(*args, **kwargs)
        self.initial = {"version": case.version, "key": uuid.uuid4().hex, **self.initial}
        self.fit()
        for name, field in self.fields.items():
            if name not in ("version", "key"):
                soften(field)
            if isinstance(field, SlotField):
                field.material = self.material

    def material(self) -> list[Material]:
        """本单素材; nothing for a form that stands on no side."""
        if self._material is None:
            side = self.party
            self._material = material_of(self.case, side) if side else []
        return self._material

    def fit(self) -> None:
        """Fit the fields to the case, before they are bound."""

    def answers(self) -> dict[str, Any]:
        """What the step takes, from what was filled in."""
        return dict(self.cleaned_data)


class AnswerRequestForm(StepForm):
    """答复正式请求: done, with what was asked for, or not possible and why."""

    def __init__(self, *args: Any, asked: CaseRequest, as_party: Party, **kwargs: Any) -> None:
        self.asked, self.as_party = asked, as_party
        super().__init__(*args, **kwargs)

    def fit(self) -> None:
        done, declined = {
            RequestKind.EVIDENCE: (_("补充凭证"), _("拍不了")),
            RequestKind.WITHDRAW: ("", _("不撤销")),
            RequestKind.REFUSE: (_("好的，派送时拒收"), _("拒收不了")),
            RequestKind.RECALL: (_("已联系快递拦截"), _("拦截不了")),
        }[RequestKind(self.asked.kind)]
        choices = [("yes", done), ("no", declined)] if done else [("no", declined)]
        self.fields["done"] = forms.ChoiceField(
            label=_("你的答复"), choices=choices, widget=forms.RadioSelect
        )
        if len(choices) == 1:
            self.initial.setdefault("done", "no")
        if done and self.asked.kind != RequestKind.REFUSE:
            most = max(self.asked.count or 0, 3)
            self.add_slot(
                Proof(
                    code="asked", label_zh=_("凭证"), label_en=_("凭证"), required=False, most=most
                )
            )
        self.fields["text"] = forms.CharField(
            label=_("说明"),
            required=False,
            max_length=300,
            help_text=_("做不到的，请说明原因（至少 5 个字）；有原因就是有效的答复"),
            widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
        )
        self.fields["text"].error_messages["max_length"] = _("最多 %(limit_value)s 个字")

    def layout(self) -> list[Any]:
        slots = [name for name in self.fields if name.startswith("proof_")]
        return ["version", "key", Field("done", template=CARDS), *slots, "text"]

    def answers(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "key": said.get("key", ""),
            "request": self.asked,
            "done": said["done"] == "yes",
            "text": said.get("text", ""),
            "evidence": self.evidence(),
            "as_party": str(self.as_party),
        }


class AskForForm(StepForm):
    """提出正式请求: what of, and in which words; those that don't fit stay with their reason."""

    as_party = Party.MERCHANT

    def fit(self) -> None:
        kinds = [kind for kind in RequestKind if requests.ASKED_BY[kind] == self.as_party]
        field = forms.ChoiceField(
            label=_("请对方做什么"),
            choices=[(kind.value, kind.label) for kind in kinds],
            widget=forms.RadioSelect,
        )
        field.refusals = {  # type: ignore[attr-defined]
            kind.value: why for kind in kinds if (why := self.case.request_refusal(kind))
        }
        if len(kinds) == 1:
            self.initial.setdefault("kind", kinds[0].value)
        self.fields["kind"] = field
        self.fields["text"] = forms.CharField(
            label=_("内容"),
            max_length=300,
            help_text=_("说清楚要什么、为什么，5 到 300 个字"),
            widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
        )
        self.fields["text"].error_messages["max_length"] = _("最多 %(limit_value)s 个字")
        if RequestKind.EVIDENCE in kinds:
            self.fields["count"] = forms.IntegerField(
                label=_("请买家补充几张"),
                required=False,
                initial=1,
                help_text=_("只在请买家补充凭证时填写，1 到 %(most)s 张")
                % {"most": requests.MOST_PICTURES},
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "form-control"}),
            )

    def layout(self) -> list[Any]:
        rest = [name for name in ("text", "count") if name in self.fields]
        return ["version", "key", Field("kind", template=CARDS), *rest]

    def answers(self) -> dict[str, Any]:
        return dict(self.cleaned_data) | {"as_party": str(self.as_party)}


def soften(field: forms.Field) -> None:
    """Django's own error texts, in words a person would use."""
    label = field.label or ""
    if isinstance(field, forms.ChoiceField | forms.ModelChoiceField):
        field.error_messages["required"] = _("请选择%(label)s") % {"label": label}
        field.error_messages["invalid_choice"] = _("请选择列表中的选项")
    elif isinstance(field, forms.BooleanField):
        field.error_messages.setdefault("required", _("请确认：%(label)s") % {"label": label})
    elif not isinstance(field, MoneyField):
        field.error_messages["required"] = _("请填写%(label)s") % {"label": label}
