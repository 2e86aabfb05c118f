"""The product's settings, and this package among the apps: viewflow stores flows by the name of their app."""

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bench"]
