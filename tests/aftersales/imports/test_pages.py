import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from aftersales.enums import ImportState, Permission
from aftersales.imports import jobs
from aftersales.models import ImportJob, Order
from tests.aftersales.imports.conftest import pinduoduo, taobao, upload
from tests.factories import MemberFactory, OrderFactory, ShopFactory, UserFactory

PAGES = ["import_job", "import_progress", "import_failed_rows", "import_confirm"]


@pytest.fixture
def desk(client, merchant):
    client.force_login(merchant)
    return client


def page_of(job, name="import_job"):
    return reverse(f"merchants:{name}", args=[job.code])


def send(desk, content, name="orders.csv"):
    content = content.encode() if isinstance(content, str) else content
    return desk.post(reverse("merchants:import_new"), {"file": ContentFile(content, name=name)})


def test_a_merchant_brings_a_file_in_from_upload_to_end(desk, shop, merchant):
    answer = send(desk, pinduoduo({}, {"订单号": "x"}))
    job = ImportJob.objects.get()
    assert (answer.status_code, answer.url) == (302, page_of(job))
    assert (job.shop, job.uploader, job.state) == (shop, merchant, ImportState.CHECKING)
    assert "正在预检" in desk.get(page_of(job)).content.decode()

    jobs.run_due()
    page = desk.get(page_of(job)).content.decode()
    assert "识别为拼多多的订单，共 2 行" in page
    assert "确认导入：新增 1 单，更新 0 单" in page
    assert "编码 UTF-8" in page
    assert "商家实收金额(元)" in page  # a column that is not used
    assert "青瓷开片手冲咖啡杯" in page
    assert "订单号的格式不对" in page
    assert not Order.objects.exists()

    answer = desk.post(page_of(job, "import_confirm"))
    assert answer.url == page_of(job)
    assert "排队等待导入" in desk.get(page_of(job)).content.decode()
    assert not Order.objects.exists()

    jobs.run_due()
    page = desk.get(page_of(job)).content.decode()
    assert "导入完成" in page
    assert Order.objects.get().shop == shop
    assert "orders.csv" in desk.get(reverse("merchants:imports")).content.decode()


def test_the_progress_is_shown_until_there_is_something_new_to_see(desk, shop):
    job = upload(shop, pinduoduo())
    htmx = {"HX-Request": "true"}

    part = desk.get(page_of(job, "import_progress"), headers=htmx)
    assert "<progress" in part.content.decode()
    assert "<html" not in part.content.decode()
    assert 'data-poll="2"' in part.content.decode()

    jobs.run_due()
    done = desk.get(page_of(job, "import_progress"), headers=htmx)
    assert done.headers["HX-Refresh"] == "true"
    assert desk.get(page_of(job, "import_progress")).url == page_of(job)


def test_confirming_twice_imports_once(desk, check):
    job = check(pinduoduo())

    desk.post(page_of(job, "import_confirm"))
    jobs.run_due()
    desk.post(page_of(job, "import_confirm"))
    assert jobs.run_due() == 0

    job.refresh_from_db()
    assert (job.state, job.new) == (ImportState.DONE, 1)


def test_an_import_is_not_confirmed_by_a_link(desk, check):
    job = check(pinduoduo())

    assert desk.get(page_of(job, "import_confirm")).status_code == 405

    job.refresh_from_db()
    assert job.state == ImportState.CHECKED


@pytest.mark.parametrize("name", PAGES)
def test_the_imports_of_another_shop_are_not_there(desk, name):
    job = upload(ShopFactory(), pinduoduo())

    answer = desk.post if name == "import_confirm" else desk.get
    assert answer(page_of(job, name)).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_without_the_permission_there_is_no_import(client, shop, check, name):
    job = check(pinduoduo())
    others = [str(each) for each in Permission if each != Permission.IMPORT]
    client.force_login(MemberFactory(shop=shop, permissions=others).user)

    answer = client.post if name == "import_confirm" else client.get
    assert answer(page_of(job, name)).status_code == 403
    for listed in ("imports", "import_new"):
        assert client.get(reverse(f"merchants:{listed}")).status_code == 403
    assert send(client, pinduoduo()).status_code == 403
    job.refresh_from_db()
    assert job.state == ImportState.CHECKED
    assert ImportJob.objects.count() == 1


def test_who_has_left_the_shop_finds_nothing(client, shop, check):
    job = check(pinduoduo())
    client.force_login(MemberFactory(shop=shop, active=False).user)

    assert client.get(page_of(job)).status_code == 404
    assert client.get(reverse("merchants:imports")).status_code == 404


def test_a_buyer_and_a_guest_have_no_business_here(client, check):
    job = check(pinduoduo())
    pages = [page_of(job), reverse("merchants:imports"), reverse("merchants:import_new")]

    assert [client.get(page).status_code for page in pages] == [302, 302, 302]
    client.force_login(UserFactory())
    assert [client.get(page).status_code for page in pages] == [404, 404, 404]


def test_the_list_holds_the_shops_own_imports_only(desk, shop):
    upload(shop, pinduoduo(), "mine.csv")
    upload(ShopFactory(), pinduoduo(), "theirs.csv")

    page = desk.get(reverse("merchants:imports")).content.decode()

    assert "mine.csv" in page
    assert "theirs.csv" not in page


def test_the_list_asks_as_much_for_twenty_imports_as_for_one(
    desk, shop, django_assert_max_num_queries
):
    for _ in range(20):
        upload(shop, pinduoduo())
    desk.get(reverse("merchants:imports"))  # remembers the shop in the session

    with django_assert_max_num_queries(9):
        desk.get(reverse("merchants:imports"))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("orders.csv", b"", "文件是空的"),
        ("orders.pdf", b"%PDF-1.7", "只能导入 .csv 或 .xlsx 文件"),
        ("orders.xlsx", b"no workbook", "内容却不是 Excel"),
    ],
)
def test_a_file_that_is_none_is_refused_on_the_form(desk, name, content, sentence):
    answer = send(desk, content, name)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not ImportJob.objects.exists()


def test_no_file_at_all_is_refused_on_the_form(desk):
    answer = desk.post(reverse("merchants:import_new"))

    assert answer.status_code == 422
    assert "请选择要导入的文件" in answer.content.decode()


def test_a_shop_has_only_so_many_files_under_way(desk, shop):
    for _ in range(5):
        upload(shop, pinduoduo())

    answer = send(desk, pinduoduo())

    assert answer.status_code == 422
    assert "请等它们完成后再上传" in answer.content.decode()
    assert shop.imports.count() == 5


def test_a_file_that_cannot_be_read_says_why(desk, check):
    job = check("姓名,电话\n")

    page = desk.get(page_of(job)).content.decode()

    assert "这个文件无法导入" in page
    assert "找不到认识的表头" in page
    assert "确认导入" not in page


def test_a_file_that_came_before_and_one_of_another_platform_are_pointed_out(
    desk, check, bring_in, now
):
    bring_in(taobao())
    now.shift(timedelta(hours=1))

    page = desk.get(page_of(check(taobao({"订单状态": "交易成功"})))).content.decode()
    assert "这是淘宝的订单，而本店铺登记的平台是拼多多" in page
    assert "完全相同的文件" not in page
    page = desk.get(page_of(check(taobao()))).content.decode()
    assert "完全相同的文件" in page
    assert "所有订单都已经是最新的，不需要导入" in page
    assert "待确认导入" not in page
    check(pinduoduo({"用户实付金额(元)": "免费"}))
    listed = desk.get(reverse("merchants:imports")).content.decode()
    assert re.findall(r'class="st (\w+)">([^<]*)<', listed) == [
        ("off", "没有可导入的订单"),
        ("off", "不需要导入"),
        ("mine", "待确认导入"),
        ("ok", "已完成"),
    ]


def test_failed_rows_are_downloaded_as_a_file(desk, check):
    job = check(pinduoduo({"用户实付金额(元)": "免费"}))

    answer = desk.get(page_of(job, "import_failed_rows"))

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "免费" in b"".join(answer.streaming_content).decode("utf-8-sig")
    old = desk.get(page_of(job, "import_failed_rows") + "?encoding=gb18030")
    assert "免费" in b"".join(old.streaming_content).decode("gb18030")
    odd = desk.get(page_of(job, "import_failed_rows") + "?encoding=../x")
    assert odd.status_code == 200


def test_where_nothing_failed_there_is_nothing_to_download(desk, check):
    assert desk.get(page_of(check(pinduoduo()), "import_failed_rows")).status_code == 404
    unreadable = check("姓名,电话\n")
    assert desk.get(page_of(unreadable, "import_failed_rows")).status_code == 404


def test_errors_are_shown_page_by_page(desk, check):
    job = check(pinduoduo(*[{"用户实付金额(元)": f"免费{n}"} for n in range(60)]))

    assert "免费0" in desk.get(page_of(job)).content.decode()
    second = desk.get(page_of(job) + "?page=2").content.decode()
    assert "免费59" in second
    assert desk.get(page_of(job) + "?page=x").status_code == 200


def test_what_a_file_says_is_shown_and_never_run(desk, check):
    nasty = "<script>alert(1)</script>{{ 7|add:7 }}"
    header = pinduoduo().splitlines()[0] + f",{nasty}"
    job = check(
        pinduoduo({"商品": nasty}, {"用户实付金额(元)": nasty}, header=header.split(",")),
        f"{nasty[:8]}.csv",
    )

    page = desk.get(page_of(job)).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "{{ 7|add:7 }}" in page


def test_members_of_two_shops_open_the_import_in_its_own_shop(client, shop, check):
    job = check(pinduoduo())
    member = MemberFactory(shop=shop)
    other = MemberFactory(user=member.user, shop__name="另一家店")
    client.force_login(member.user)
    client.get(reverse("merchants:imports"), {"shop": other.shop.code})

    answer = client.get(page_of(job))

    assert answer.status_code == 200
    assert answer.wsgi_request.shop == shop


def test_the_pages_speak_english_too(desk, check):
    desk.cookies["django_language"] = "en"

    assert desk.get(page_of(check(pinduoduo({"订单号": "x"})))).status_code == 200


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_page_follows_the_import_by_itself(new_page, shoot):
    member = MemberFactory()
    OrderFactory(shop=member.shop)
    page = new_page(member.user)
    page.goto(reverse("merchants:import_new"))
    page.locator("input[type=file]").set_input_files(
        {
            "name": "orders.csv",
            "mimeType": "text/csv",
            "buffer": pinduoduo({}, {"订单号": "x"}).encode(),
        }
    )
    shoot(page, "upload")
    page.get_by_role("button", name="上传并预检").click()
    page.get_by_text("正在预检").first.wait_for()
    shoot(page, "checking")

    jobs.run_due()
    confirm = page.get_by_role("button", name="确认导入：新增 1 单")
    confirm.wait_for()
    shoot(page, "checked")
    confirm.click()
    page.get_by_text("排队等待导入").wait_for()

    jobs.run_due()
    page.get_by_text("导入完成").wait_for()
    shoot(page, "done")
    assert Order.objects.filter(shop=member.shop).count() == 2


def test_the_desk_is_closed_to_forged_posts(shop, merchant, check):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(merchant)
    job = check(pinduoduo())

    assert strict.post(page_of(job, "import_confirm")).status_code == 403
