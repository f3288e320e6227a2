"""Who may open what: every URL of the project by its door; whoever adds one adds its name here.

A block begins with its door and, where it takes more than to come in, the right. ``name`` answers
GET and HEAD, ``name*`` POST too, ``name!`` POST alone; any other method is a 405 for everybody.

    open            anybody, signed in or not
    signed          whoever is signed in; who is not is led to sign in
    hidden          nobody: 404
    side            both sides of the case and staff who rule; for anybody else it is not there
    his             the one person it was made for; for anybody else it is not there
    member RIGHT    who works in the shop (no shop, another shop: 404; without the right: 403)
    member RIGHT, limited       and not beyond what he may agree to in one case (403)
    buyer           his own orders and cases; another's are not there, for shops and staff neither
    staff RIGHT     the admin: who is no staff is led to sign in; without the right: 403
    staff RIGHT, unseen         without the right the case is not there (404)
    entrance        the admin's: leads on staff, and everybody else to the one sign-in or to a 403
    superuser       the admin, for superusers alone
    closed          the admin's, never answered as we call it
"""

from collections.abc import Iterator
from typing import NamedTuple

SHARED = """
open
    home help icon healthz prefs* set_language! demo_clock!
    account_login* account_logout* account_signup* account_inactive account_confirm_email*
    account_reset_password* account_reset_password_done account_reset_password_from_key*
    account_reset_password_from_key_done account_email_verification_sent
    account_confirm_login_code* mfa_authenticate* mfa_login_webauthn*
signed
    notices unread read_all! demo_sample stage!
    account_email* account_change_password* account_set_password*
    account_reauthenticate* mfa_reauthenticate* mfa_reauthenticate_webauthn* usersessions_list*
    mfa_edit_webauthn* mfa_remove_webauthn* mfa_index mfa_activate_totp* mfa_list_webauthn mfa_add_webauthn* mfa_generate_recovery_codes*
hidden
    metrics
his
    open_notice mfa_deactivate_totp*
    mfa_view_recovery_codes mfa_download_recovery_codes*
side
    file
"""
MERCHANTS = """
member
    queue cases news shop! views save_view* conversations conversation returns orders order
    figures figure worked rules scripts jobs job job_progress
    case peek presence add_note* add_tag! drop_tag! bulk_tag! print dossier_pdf dossier_zip wait rejected
his
    edit_view* drop_view* drop_note*
member agree
    undo* allow_again* give_address* ask_address* settle_freight*
    bulk_agree! cancel_job! job_failed
member agree, limited
    agree* agree_return* agree_resend* agree_refusal* accept_counter* refund_instead*
member negotiate
    negotiate* send_message* add_evidence* ask_for* answer_request* assign* ask_platform*
    propose_suspension* answer_suspension* prove_suspension* ask_reopen* appeal*
    withdraw* call! improve_offer* conversation!
    bulk_assign!
member reject
    reject* refuse_receipt* confirm_risks*
member receive
    receive_part* refuse_collect* fill_return*
member receive, limited
    confirm_receipt* take_back*
member ship
    ship_replacement* report_unrepairable* order!
member import
    imports import_new* import_job import_confirm! import_progress import_failed_rows order_facts*
member export
    bulk_export* job_file
member manage
    addresses add_address* edit_address* delete_address* default_address!
    members add_member* edit_member*
    add_rule* edit_rule* stop_rule!
    add_script* edit_script* archive_script! restore_script!
member manage+agree
    start_rule!
"""
BUYERS = """
buyer
    home orders find_order* order ask* answer_proposal* apply apply_form* review*
    service ask_service* service_request* close_service*
    cases case record dossier_pdf dossier_zip refund guarantee
    accept_plan* reply* confirm_agreed* send_message* ask_for* answer_request*
    send_back* correct_tracking* confirm_arrival* dispute_arrival* choose_exchange*
    choose_refund* answer_address* claim_freight* report_refusal* add_evidence*
    ask_platform* appeal* withdraw* propose_suspension* answer_suspension* prove_suspension*
    ask_reopen* cancel* record_complaint* update_complaint*
"""
STAFF = """
open
    logout!
entrance
    login*
staff
    index* password_change* password_change_done jsi18n
closed
    autocomplete view_on_site
staff view_case
    case_by_code
staff view_dayfigure
    aftersales_dayfigure_shop aftersales_dayfigure_figure aftersales_dayfigure_worked
staff rule
    claim! claim_next! original
staff rule, unseen
    rule* send_message* record_complaint* update_complaint* retry_refund* settle_offline* reopen*
    decline_reopen* ask_supplement* decline* take_over* suspend* resume* uphold_appeal*
    propose_reversal* return_reversal* reverse_ruling* propose_suspension* prove_suspension*
    dossier_pdf dossier_zip
staff view_policy
    simulate* simulated
staff change_policy
    record_outage* extend_window* withdraw_edition*
staff change_order
    order_facts*
superuser
    auth_user_password_change*
staff view_case, unseen
    app_list*
"""
# The rows of the admin: who sees, adds, changes and deletes them. r: reviewers and superusers,
# s: superusers, -: nobody. What people did and what was paid is never written here.
MODELS = """
r---  refund ledgerentry case complaint dossiercopy edition extension dayfigure fault finding attempt
      notice importjob intervention appeal order job agreerule shopscript
r-r-  plan risk channel policy servicerequest
rrr-  reason script outcome rejectreason decisionreason scenario window agreement
rrrr  ledgermood
rss-  shop member
rsss  returnaddress
sss-  user
ssss  group emailaddress
"""


class Row(NamedTuple):
    name: str
    door: str
    right: str
    more: str
    methods: tuple[str, ...]


METHODS = {"": ("GET", "HEAD"), "*": ("GET", "HEAD", "POST"), "!": ("POST",)}


def rows() -> list[Row]:
    found = [row for prefix, text in TABLES.items() for row in _rows(prefix, text)]
    return [*found, *_model_rows()]


TABLES = {"": SHARED, "merchants:": MERCHANTS, "buyers:": BUYERS, "admin:": STAFF}


def _rows(prefix: str, text: str) -> Iterator[Row]:
    door = right = more = ""
    for line in text.strip().splitlines():
        if not line.startswith(" "):
            opened, _comma, more = line.partition(", ")
            door, _space, right = opened.partition(" ")
            continue
        for name in line.split():
            bare = name.rstrip("*!")
            yield Row(prefix + bare, door, right, more, METHODS[name[len(bare) :]])


def _model_rows() -> Iterator[Row]:
    """A page is seen by its first letter; what is sent to it takes the letter of what it does."""
    codes = ""
    for line in MODELS.strip().splitlines():
        codes = codes if line.startswith(" ") else line[:4]
        see, add, change, delete = (WHO[code] for code in codes)
        for name in line[4:].split():
            stem = f"admin:{APPS.get(name, 'aftersales')}_{name}_"
            for verb, door, methods in (
                ("changelist", see, "*"),
                ("history", see, "*"),
                ("change", see, ""),
                ("change", change, "!"),
                ("add", add, "*"),
                ("delete", delete, "*"),
            ):
                yield Row(stem + verb, door, "", "model", METHODS[methods])


WHO = {"r": "reviewers", "s": "superuser", "-": "closed"}
APPS = {"group": "auth", "emailaddress": "account"}
ALL = rows()
# URLs without a name: Django's own redirect of an old address, and its catch-all.
UNNAMED = ("?<path:object_id>/", "?(?P<url>.*)$")
