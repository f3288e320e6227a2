"""The door for gunicorn and every other WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

from aftersales import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftersales.settings")

application = get_wsgi_application()
memory.settle()
