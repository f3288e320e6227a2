"""Sessions in the database, as Django keeps them; read by a statement that is made once."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session

from aftersales import clock
from aftersales.prepared import Prepared

KEPT = Prepared(lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now))


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Any:
        found = KEPT(self.session_key, clock.now() - clock.ahead())
        if not found:
            self._session_key = None  # its cookie is taken back
            return None
        return found[0]
