"""Composes the apps: settings, routes, the Celery app, the demo city."""

from project.celery import app as celery_app

__all__ = ["celery_app"]
