from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _

from departments.folded import teach_fold


class DepartmentsConfig(AppConfig):
    name = "departments"
    verbose_name = _("Departments")

    def ready(self) -> None:
        # Django's own moment for what a connection has to know, in every process and thread.
        connection_created.connect(teach_fold, dispatch_uid="departments.fold")
