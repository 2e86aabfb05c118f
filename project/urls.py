"""All addresses, composed from the apps'."""

from django.contrib import admin
from django.urls import include, path

from project import views
from project.styleguide import styleguide

urlpatterns = [
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", views.Logout.as_view(), name="logout"),
    path("account/", views.Account.as_view(), name="account"),
    path("language/", views.language, name="language"),
    path("contrast/", views.contrast, name="contrast"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("styleguide/", styleguide, name="styleguide"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("", include("workflows.urls")),
    path("", include("departments.urls")),
    path("", include("notifications.urls")),
]

handler400 = "project.views.bad_request"
handler403 = "project.views.forbidden"
handler404 = "project.views.not_found"
handler500 = "project.views.server_error"
