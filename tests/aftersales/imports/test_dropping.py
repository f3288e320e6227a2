"""Uploaded order files are not kept for ever; what was imported and what was said of it stays."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from aftersales import tasks
from aftersales.enums import ImportState
from aftersales.imports import jobs
from aftersales.models import Order, User
from tests.aftersales.imports.conftest import pinduoduo, upload
from tests.factories import MemberFactory

DAY = timedelta(days=1)


def stored(job):
    job.refresh_from_db()
    return bool(job.file)


@pytest.fixture
def read(shop):
    """A page as a member of the shop reads it, signed in just now."""
    user = MemberFactory(shop=shop).user

    def look(name, job):
        client = Client()
        client.force_login(user)
        return client.get(reverse(f"merchants:{name}", args=[job.code]))

    return look


def test_a_file_is_dropped_after_its_days(bring_in, now, django_capture_on_commit_callbacks):
    """To the second; the job, its counts and its orders stay."""
    job = bring_in(pinduoduo())
    storage, name = job.file.storage, job.file.name
    now.shift(30 * DAY - timedelta(seconds=1))
    tasks.drop_order_files()
    assert stored(job)
    now.shift(timedelta(seconds=1))

    with django_capture_on_commit_callbacks(execute=True):
        tasks.drop_order_files()

    assert not stored(job)
    assert not storage.exists(name)
    assert (job.state, job.new, Order.objects.count()) == (ImportState.DONE, 1, 1)
    assert jobs.drop_files() == 0


def test_the_days_are_a_setting(bring_in, now, settings):
    settings.IMPORT_FILE_DAYS = 2
    job = bring_in(pinduoduo())
    now.shift(2 * DAY)

    assert jobs.drop_files() == 1
    assert not stored(job)


def test_what_nobody_confirmed_must_be_uploaded_again(check, now, read):
    """It can't be imported without its file, and the page says why."""
    job = check(pinduoduo())
    now.shift(30 * DAY)
    jobs.drop_files()

    assert not jobs.confirm(job)
    assert job.state == ImportState.FAILED
    page = read("import_job", job).content.decode()
    assert "30 天没有确认导入，文件已删除，请重新上传" in page


def test_a_file_that_waits_for_its_worker_is_kept(shop, now):
    job = upload(shop, pinduoduo())
    now.shift(40 * DAY)

    assert jobs.drop_files() == 0
    assert stored(job)


def test_the_page_says_until_when_and_then_that_it_is_gone(bring_in, now, read):
    job = bring_in(pinduoduo({"订单号": "x"}, {}))
    page = read("import_job", job).content.decode()
    assert "之后自动删除" in page
    assert "12-23" in page
    assert "下载失败行" in page
    now.shift(30 * DAY)
    jobs.drop_files()

    page = read("import_job", job).content.decode()

    assert "已按期删除" in page
    assert "下载失败行" not in page
    assert read("import_failed_rows", job).status_code == 404


def test_staff_look_at_imports_and_change_nothing(bring_in, client):
    """With the sentences of the rows that failed, and no way to the file."""
    job = bring_in(pinduoduo({"订单号": "x"}, {}))
    client.force_login(User.objects.create_superuser("root", password="x"))
    listed = client.get(reverse("admin:aftersales_importjob_changelist"))
    assert job.filename in listed.content.decode()
    url = reverse("admin:aftersales_importjob_change", args=[job.pk])

    page = client.get(url).content.decode()

    assert job.errors.first().sentence in page
    assert job.file.name not in page
    assert client.post(url, {"filename": "y"}).status_code == 403
    assert client.post(reverse("admin:aftersales_importjob_add"), {}).status_code == 403
