"""Addresses of this app's pages."""

from django.urls import path

from workflows.views import board, changes, checkpoints, inbox, prepare, rates, review

urlpatterns = [
    path("", inbox.home, name="home"),
    path("board/", board.board, name="board"),
    path("rates/", rates.rates, name="rates"),
    path("reviews/<int:pk>/", review.review, name="review"),
    path("reviews/<int:pk>/rounds/<int:number>/", review.review_round, name="review_round"),
    path("reviews/<int:pk>/prepare/", prepare.prepare, name="prepare"),
    path("reviews/<int:pk>/decide/", review.decide, name="decide"),
    path("reviews/<int:pk>/withdraw/", review.withdraw, name="withdraw"),
    path("reviews/<int:pk>/proposal/", changes.proposal, name="proposal"),
    path("plans/<int:pk>/changes/add/", changes.change_add, name="change_add"),
    path("checkpoints/", checkpoints.checkpoints, name="checkpoints"),
    path("checkpoints/add/", checkpoints.checkpoint_add, name="checkpoint_add"),
    path("checkpoints/<int:pk>/edit/", checkpoints.checkpoint_edit, name="checkpoint_edit"),
    path("checkpoints/<int:pk>/open/", checkpoints.checkpoint_open, name="checkpoint_open"),
    path("checkpoints/<int:pk>/close/", checkpoints.checkpoint_close, name="checkpoint_close"),
]
