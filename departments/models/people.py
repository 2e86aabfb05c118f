"""The people who log in."""

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from departments.folded import folded
from departments.validators import one_line


class Language(models.TextChoices):
    JAPANESE = "ja", "日本語"
    ENGLISH = "en", "English"


class User(AbstractUser):
    """A person (職員). What they may do follows from their appointments, never from this row.

    People are deactivated, never deleted: history and the engine's tasks point to them.
    """

    # Django's own way of dropping an inherited field.
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=60, validators=[one_line])
    email = models.EmailField(_("e-mail address"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.JAPANESE)
    folded = folded("name")

    REQUIRED_FIELDS = ["name", "email"]
    objects = UserManager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=~models.Q(email=""),
                name="user_email_once",
                violation_error_message=_("Another person already has this e-mail address."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name
