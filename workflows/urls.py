"""Addresses of this app's pages."""

from django.urls import path

from workflows.views import (
    acknowledgements,
    board,
    bulk,
    cases,
    changes,
    checkpoints,
    files,
    inbox,
    pins,
    prepare,
    rates,
    register,
    review,
)

urlpatterns = [
    path("", inbox.home, name="home"),
    path("board/", board.board, name="board"),
    path("rates/", rates.rates, name="rates"),
    path("register/", register.register, name="register"),
    path("register.csv", register.register_csv, name="register_csv"),
    path("register.json", register.register_json, name="register_json"),
    path("reviews/bulk/", bulk.bulk, name="bulk"),
    path("reviews/<int:pk>/", review.review, name="review"),
    path("reviews/<int:pk>/rounds/<int:number>/", review.review_round, name="review_round"),
    path("reviews/<int:pk>/prepare/", prepare.prepare, name="prepare"),
    path("reviews/<int:pk>/decide/", review.decide, name="decide"),
    path("reviews/<int:pk>/withdraw/", review.withdraw, name="withdraw"),
    path("reviews/<int:pk>/files/<str:sha256>/<str:name>", files.review_file, name="review_file"),
    path("reviews/<int:pk>/extend/", cases.extend, name="extend"),
    path("reviews/<int:pk>/cancel/", cases.cancel, name="cancel"),
    path("reviews/<int:pk>/revoke/", cases.revoke, name="revoke"),
    path("reviews/<int:pk>/pins/", pins.pin_add, name="pin_add"),
    path("pins/<int:pk>/answer/", pins.pin_answer, name="pin_answer"),
    path("pins/<int:pk>/resolve/", pins.pin_resolve, name="pin_resolve"),
    path("absences/decided/", acknowledgements.decided_for_me, name="decided_for_me"),
    path("reviews/<int:pk>/proposal/", changes.proposal, name="proposal"),
    path("plans/<int:pk>/changes/add/", changes.change_add, name="change_add"),
    path("checkpoints/", checkpoints.checkpoints, name="checkpoints"),
    path("checkpoints/add/", checkpoints.checkpoint_add, name="checkpoint_add"),
    path("checkpoints/<int:pk>/edit/", checkpoints.checkpoint_edit, name="checkpoint_edit"),
    path("checkpoints/<int:pk>/open/", checkpoints.checkpoint_open, name="checkpoint_open"),
    path("checkpoints/<int:pk>/close/", checkpoints.checkpoint_close, name="checkpoint_close"),
]
