"""买家页面: one line a page; a step's URL is its verb."""

app_name = "buyers"
urlpatterns: list[object] = []
