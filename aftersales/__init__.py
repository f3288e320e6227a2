"""The after-sales desk: the project, and the domain that merchants and buyers share."""

from aftersales.celery import app as celery_app

__all__ = ["celery_app"]
