"""导入订单: its pages, under import/."""

from django.urls import path

from merchants.views import importing

importing_urls = [
    path("", importing.Imports.as_view(), name="imports"),
    path("new/", importing.NewImport.as_view(), name="import_new"),
    path("<uuid:code>/", importing.ImportPage.as_view(), name="import_job"),
    path("<uuid:code>/confirm/", importing.ConfirmImport.as_view(), name="import_confirm"),
    path("<uuid:code>/progress/", importing.ImportProgress.as_view(), name="import_progress"),
    path("<uuid:code>/failed/", importing.FailedRows.as_view(), name="import_failed_rows"),
]
