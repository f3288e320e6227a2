"""批量任务: its pages, under jobs/. What begins one is named by its kind; none of them rejects."""

from django.urls import path

from merchants.views import bulk, jobs

jobs_urls = [
    path("", jobs.Jobs.as_view(), name="jobs"),
    path("agree/", bulk.BulkAgree.as_view(), name="bulk_agree"),
    path("assign/", bulk.BulkAssign.as_view(), name="bulk_assign"),
    path("tag/", bulk.BulkTag.as_view(), name="bulk_tag"),
    path("export/", jobs.NewExport.as_view(), name="bulk_export"),
    path("<uuid:code>/", jobs.JobPage.as_view(), name="job"),
    path("<uuid:code>/progress/", jobs.JobProgress.as_view(), name="job_progress"),
    path("<uuid:code>/cancel/", jobs.CancelJob.as_view(), name="cancel_job"),
    path("<uuid:code>/failed/", jobs.FailedItems.as_view(), name="job_failed"),
    path("<uuid:code>/file/", jobs.JobFile.as_view(), name="job_file"),
]
