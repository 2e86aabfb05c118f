"""The strategy of a fiscal year: its themes and initiatives."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from departments.folded import folded
from departments.validators import one_line


class Strategy(models.Model):
    """A city's digital strategy (戦略) for one fiscal year."""

    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"), unique=True)
    title = models.CharField(_("title"), max_length=120, validators=[one_line])
    vision = models.TextField(_("vision"), blank=True)

    class Meta:
        verbose_name = _("strategy")
        verbose_name_plural = _("strategies")
        ordering = ["-fiscal_year"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.title


class Theme(models.Model):
    """A strategic theme (戦略テーマ)."""

    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="themes")
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=120, validators=[one_line])
    folded = folded("title")

    class Meta:
        verbose_name = _("theme")
        verbose_name_plural = _("themes")
        ordering = ["strategy", "number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["strategy", "number"], name="theme_number_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Initiative(models.Model):
    """A priority initiative (重点取組). Its number is unique in the strategy, not only in its theme."""

    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="initiatives")
    theme = models.ForeignKey(Theme, on_delete=models.CASCADE, related_name="initiatives")
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=120, validators=[one_line])
    summary = models.TextField(_("summary"), blank=True)
    aims = models.CharField(_("desired states"), max_length=40, blank=True)
    folded = folded("title", "summary")

    class Meta:
        verbose_name = _("initiative")
        verbose_name_plural = _("initiatives")
        ordering = ["strategy", "number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["strategy", "number"], name="initiative_number_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"
