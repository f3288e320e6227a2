"""The quicker engine, for lists of plain strings: templates/**/*.jinja.html."""

from typing import Any

from django.utils.translation import gettext
from jinja2 import BaseLoader, Environment, StrictUndefined


def environment(*, loader: BaseLoader, auto_reload: bool, **_usual: Any) -> Environment:
    """Escapes what it shows, as Django's does; a name that was not given is an error."""
    made = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=loader,
        auto_reload=auto_reload,
    )
    made.globals["_"] = gettext
    return made
