"""Every URL of the project and how it is visited: whoever adds one adds a line here.

A line is: name, whose page it is, what a GET answers, and which objects it is shown with.
``page`` is a whole page; ``part`` a fragment for htmx; ``file`` a download; ``post`` takes only POST
(405 as a page); ``turn`` leads on; ``act`` is
a POST that is refused before its method is looked at. ``gone`` is not there for a browser: a part of a library that we do not use, or a machine's (404 or a turn).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver


class Place(NamedTuple):
    name: str
    role: str
    kind: str
    finder: str


SHARED = """
home                            anybody   turn
help                            anybody   page
icon                            nobody    turn
healthz                         nobody    file
metrics                         nobody    gone
prefs                           anybody   page
set_language                    anybody   post
notices                         anybody   page    tabs
unread                          anybody   part
read_all                        anybody   post
open_notice                     anybody   turn    notice
stage                           anybody   post
file                            buyer     file    upload
demo_clock                      anybody   post
demo_sample                     anybody   file    sample
account_login                   nobody    page
account_logout                  anybody   page
account_change_password         anybody   page
account_reauthenticate          anybody   page
account_inactive                nobody    page
account_signup                  nobody    page
account_email                   anybody   page
account_email_verification_sent nobody    page
account_set_password            anybody   turn
account_reset_password          nobody    page
account_reset_password_done     nobody    page
account_confirm_login_code      nobody    turn
account_confirm_email           nobody    page    key
account_reset_password_from_key nobody    page    reset
account_reset_password_from_key_done nobody page
mfa_index                       anybody   page
mfa_activate_totp               anybody   turn
mfa_deactivate_totp             buyer     turn
mfa_view_recovery_codes         buyer     turn
mfa_download_recovery_codes     buyer     turn
mfa_generate_recovery_codes     anybody   turn
mfa_list_webauthn               anybody   page
mfa_add_webauthn                anybody   turn
mfa_edit_webauthn               buyer     turn    passkey
mfa_remove_webauthn             buyer     turn    passkey
mfa_reauthenticate              anybody   page
mfa_reauthenticate_webauthn     anybody   page
mfa_authenticate                nobody    turn
mfa_login_webauthn              nobody    turn
usersessions_list               anybody   page
"""
MERCHANT = """
queue               page  tabs
cases               page
shop                post
case                page  statuses
peek                part  case
undo                page  case
presence            part  case
add_note            turn  case
drop_note           page  note
add_tag             post  case
drop_tag            post  tag
news                part
views               page
save_view           page
edit_view           page  view
drop_view           page  view
print               page  case
dossier_pdf         file  case
dossier_zip         file  case
agree               page  case
agree_return        page  case
agree_resend        page  case
agree_refusal       page  case
allow_again         page  case
take_back           page  case
confirm_receipt     page  case
ship_replacement    page  case
report_unrepairable page  case
refund_instead      page  case
receive_part        page  case
refuse_collect      page  case
fill_return         page  case
ask_address         page  case
settle_freight      page  case
accept_counter      page  case
improve_offer       page  case
confirm_risks       page  case
negotiate           page  case
wait                page  case
reject              page  case
refuse_receipt      page  case
rejected            page  case
send_message        page  case
add_evidence        page  case
ask_for             page  case
answer_request      page  request
call                post  case
assign              page  case
ask_platform        page  case
propose_suspension  page  case
answer_suspension   page  case
prove_suspension    page  case
ask_reopen          page  case
give_address        page  case
appeal              page  case
withdraw            page  case
conversations       page
conversation        page  conversation
returns             page
orders              page
order               page  order
order_facts         page  order
figures             page
figure              page  figure
worked              page  worked
addresses           page
add_address         page
edit_address        page  address
delete_address      page  address
default_address     post  address
members             page
add_member          page
edit_member         page  member
rules               page
add_rule            page
edit_rule           page  rule
start_rule          post  rule
stop_rule           post  rule
scripts             page
add_script          page
edit_script         page  script
archive_script      post  script
restore_script      post  script
imports             page
import_new          page
import_job          page  job
import_confirm      post  job
import_progress     part  job
import_failed_rows  file  failed_job
jobs                page
bulk_agree          post
bulk_assign         post
bulk_tag            post
bulk_export         page
job                 page  work
job_progress        part  work
cancel_job          post  work
job_failed          file  work
job_file            file  work
"""
BUYER = """
home             page
orders           page
find_order       page
order            page  order
ask              page  line
answer_proposal  turn  proposal
apply            page  line
apply_form       page  kind
review           page  kind
ask_service      page  line
service          page
service_request  page  service
close_service    page  service
cases            page
case             page  statuses
record           page  case
dossier_pdf      file  case
dossier_zip      file  case
refund           page  case
accept_plan      page  case
reply            page  case
confirm_agreed   page  case
send_message     page  case
ask_for          page  case
answer_request   page  request
send_back        page  case
correct_tracking page  case
confirm_arrival  page  case
dispute_arrival  page  case
choose_exchange  page  case
choose_refund    page  case
guarantee        page
answer_address   page  case
claim_freight    page  case
report_refusal   page  case
add_evidence     page  case
ask_platform     page  case
appeal           page  case
withdraw         page  case
propose_suspension page case
answer_suspension page case
prove_suspension page case
ask_reopen       page  case
cancel           page  case
record_complaint page  case
update_complaint page  case
"""
STAFF = """
index                       page
login                       nobody:turn
logout                      post
password_change             page
password_change_done        page
autocomplete                gone
jsi18n                      file
view_on_site                gone  anything
app_list                    page  app
auth_user_password_change   page  user
case_by_code                turn  case
original                    file  original
send_message                page  case
record_complaint            page  case
update_complaint            page  case
retry_refund                page  case
settle_offline              page  case
reopen                      page  case
decline_reopen              page  case
ask_supplement              page  case
decline                     page  case
take_over                   page  case
suspend                     page  case
resume                      page  case
uphold_appeal               page  case
propose_reversal            page  case
return_reversal             page  case
reverse_ruling              page  case
dossier_pdf                 file  case
dossier_zip                 file  case
withdraw_edition            page  edition
simulate                    page
simulated                   page  simulation
order_facts                 page  order_row
propose_suspension          page  case
prove_suspension            page  case
record_outage               page
extend_window               page
aftersales_dayfigure_shop   page  shop
aftersales_dayfigure_figure page  behind
aftersales_dayfigure_worked page  shop_worked
rule                        page  intervention
claim                       act   intervention
claim_next                  act
"""


def places() -> dict[str, Place]:
    """The table, by the name of the URL; what Django's admin makes for every model is added."""
    found = {}
    for line in SHARED.strip().splitlines():
        name, role, kind, *finder = line.split()
        found[name] = Place(name, role, kind, finder[0] if finder else "")
    for prefix, role, table in (
        ("merchants", "merchant", MERCHANT),
        ("buyers", "buyer", BUYER),
        ("admin", "staff", STAFF),
    ):
        for line in table.strip().splitlines():
            name, kind, *finder = line.split()
            who, _colon, kind = kind.rpartition(":")
            name = f"{prefix}:{name}"
            found[name] = Place(name, who or role, kind, finder[0] if finder else "")
    for model in admin.site._registry:
        stem = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for verb in ("changelist", "add", "change", "delete", "history"):
            name = f"{stem}_{verb}"
            found.setdefault(name, Place(name, "staff", "model", verb))
    return found


def names() -> set[str]:
    """The name of every URL that the project answers to, as reversing takes it."""
    return set(_names(get_resolver().url_patterns, ""))


def _names(patterns: Any, prefix: str) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _names(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{prefix}{pattern.name}"
        else:
            yield f"{prefix}?{pattern.pattern}"
