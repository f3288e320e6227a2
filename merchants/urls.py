"""商家后台: one line a page; a step's URL is its verb."""

app_name = "merchants"
urlpatterns: list[object] = []
