"""What a shop writes itself and never loses: scripts, and rules by which it agrees."""

from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftersales import clock
from aftersales.models.people import Shop, User


class Outdated(Exception):
    """Somebody else has changed the row since it was read; ``standing`` is what it is now."""

    def __init__(self, standing: Any) -> None:
        self.standing = standing
        super().__init__()


class Owned(models.Model):
    """A row of one shop. A change is a new row in the place of the one before, which stays for
    the cases that point at it: the rows of a ``code`` are its history. Nothing is deleted;
    what is out of use is not ``active``.

    A model names the fields that a shop sets (``PLAIN``, ``LISTS``), and how its codes are made.
    """

    PLAIN: ClassVar[tuple[str, ...]]
    LISTS: ClassVar[tuple[str, ...]] = ()
    SWITCHED: ClassVar[tuple[Any, Any]]  # what switching it off, and on, is called

    code: Any
    active: Any
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("修改时间"))

    objects: ClassVar[models.Manager[Any]]  # only what is in force
    ever: ClassVar[models.Manager[Any]]

    class Meta:
        abstract = True

    @property
    def title(self) -> str:
        """What the shop calls it."""
        raise NotImplementedError

    def new_code(self, number: int) -> str:
        """The code of the shop's ``number``-th row."""
        raise NotImplementedError

    def store(self, *, by: User, was: int | None = None, **lists: Any) -> None:
        """Write this row as a new one, or in the place of the row ``was``; with its lists.

        Raises Outdated when ``was`` is in force no more.
        """
        known = type(self)
        with transaction.atomic():
            Shop.objects.select_for_update(no_key=True).get(pk=self.shop_id)  # one writer at a time
            at = clock.now()
            if was is None:
                codes = known.ever.filter(shop=self.shop_id).values("code").distinct()
                self.code = self.new_code(codes.count() + 1)
            else:
                mine = known.objects.filter(shop=self.shop_id, code=self.code)
                standing = mine.get()
                if standing.pk != was:
                    raise Outdated(standing)
                mine.update(replaced_at=at)
            self.author, self.written_at = by, at
            self.save()
            for name, rows in lists.items():
                getattr(self, name).set(rows)

    def switch(self, *, by: User, active: bool) -> None:
        """Put it out of use, or into use again; the click again changes nothing."""
        if self.active != active:
            lists = {name: list(getattr(self, name).all()) for name in self.LISTS}
            self.fresh(active=active).store(by=by, was=self.pk, **lists)

    def fresh(self, **changed: Any) -> Self:
        """The same as a row that is not stored yet."""
        kept = {name: getattr(self, name) for name in ("shop_id", "code", "active", *self.PLAIN)}
        return type(self)(**kept | changed)

    def history(self) -> list[tuple[Self, str]]:
        """Every row of this code, the newest first, with what it changed in the one before."""
        rows = type(self).ever.filter(shop=self.shop_id, code=self.code).select_related("author")
        told: list[tuple[Self, str]] = []
        before = None
        for row in rows.prefetch_related(*self.LISTS).order_by("pk"):
            told.insert(0, (row, gettext("、").join(row.changes(before))))
            before = row
        return told

    def changes(self, before: Self | None) -> list[str]:
        """What this row changed, by the names of the fields."""
        if before is None:
            return [gettext("新建")]
        if before.active != self.active:
            return [str(self.SWITCHED[self.active])]
        changed = [name for name in self.PLAIN if getattr(before, name) != getattr(self, name)]
        changed += [name for name in self.LISTS if before.keys_of(name) != self.keys_of(name)]
        names = [str(self._meta.get_field(name).verbose_name) for name in changed]  # type: ignore[union-attr]
        return names or [gettext("没有改动")]

    def keys_of(self, name: str) -> set[Any]:
        return {row.pk for row in getattr(self, name).all()}
