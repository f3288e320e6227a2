"""Production's settings for the programs of a campaign; only what has to be built before a start differs."""

from aftersales.settings import *  # noqa: F403
from aftersales.settings import STORAGES

# Without collectstatic there is no manifest.
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
