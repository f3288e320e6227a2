import io

import pytest
from django.core.management import CommandError, call_command

from aftersales.models import ImportJob, Order
from tests.aftersales.imports.conftest import pinduoduo


def run(*arguments: str) -> tuple[str, int]:
    out = io.StringIO()
    try:
        call_command("import_orders", *arguments, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


def test_a_file_is_imported_and_reported(shop, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(pinduoduo())

    said, code = run(str(path), "--shop", shop.code)

    assert code == 0
    assert "新订单 1，有更新 0，无变化 0，失败 0 行" in said
    assert Order.objects.get().shop == shop


def test_rows_that_failed_are_told_and_the_exit_code_says_so(shop, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(pinduoduo({}, {"订单号": "x"}))

    said, code = run(str(path), "--shop", shop.code)

    assert code == 1
    assert "第 3 行：订单号：订单号的格式不对" in said
    assert Order.objects.count() == 1


def test_a_dry_run_leaves_nothing_behind(shop, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(pinduoduo())

    said, code = run(str(path), "--shop", shop.code, "--dry-run")

    assert code == 0
    assert "新订单 1" in said
    assert not Order.objects.exists()
    assert not ImportJob.objects.exists()


def test_a_file_that_cannot_be_read_is_said_in_a_sentence(shop, tmp_path):
    (tmp_path / "orders.csv").write_text("姓名,电话\n")
    (tmp_path / "empty.csv").write_text("")

    said, code = run(str(tmp_path / "orders.csv"), "--shop", shop.code)
    assert (code, "找不到认识的表头" in said) == (1, True)
    with pytest.raises(CommandError, match="空的"):
        run(str(tmp_path / "empty.csv"), "--shop", shop.code)
    with pytest.raises(CommandError, match=r"none\.csv"):
        run(str(tmp_path / "none.csv"), "--shop", shop.code)
    with pytest.raises(CommandError, match="nowhere"):
        run(str(tmp_path / "orders.csv"), "--shop", "nowhere")
