"""Sessions in the database, as Django keeps them, read together with whose they are by a statement that
is made once."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from aftersales import clock
from aftersales.models import Session, User
from aftersales.prepared import Prepared

KEPT = Prepared(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now).select_related(
        "account"
    )
)


class SessionStore(db.SessionStore):
    account: User | None = None  # as the session was read

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        session: Any = super().create_model_instance(data)
        session.account_id = data.get(SESSION_KEY)
        return session

    def _get_session_from_db(self) -> Any:
        found = KEPT(self.session_key, clock.now() - clock.ahead())
        if not found:
            self._session_key = None  # its cookie is taken back
            return None
        self.account = found[0].account
        return found[0]


_in_hand: ContextVar[SessionStore] = ContextVar("_in_hand")


class SignedIn(AuthenticationMiddleware):
    """Django's own; who it is was read with the session."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _user_of(request))  # type: ignore[assignment]


def _user_of(request: Any) -> Any:
    with _reading(request.session):
        return get_user(request)


@contextmanager
def _reading(session: SessionStore) -> Iterator[None]:
    token = _in_hand.set(session)
    try:
        yield
    finally:
        _in_hand.reset(token)


def account_in_hand(key: int) -> User | None:
    """The account of this key, if it was read with the session that is being asked who it is."""
    session = _in_hand.get(None)
    account = session.account if session is not None else None
    return account if account is not None and account.pk == key else None
