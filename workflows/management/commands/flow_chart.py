from collections.abc import Iterable
from pathlib import Path
from typing import Any

import viewflow
from django.core.management.base import BaseCommand
from django.template import Context, Engine
from django.utils.translation import override
from viewflow.workflow.chart import Edge, calc_layout_data

from workflows.flows import ReviewFlow

LINE = 14


def part_labels(edges: Iterable[Edge]) -> None:
    """Two edges that leave a node on the same side get their labels at the same point; put one above the other."""
    taken = set()
    for edge in edges:
        while edge.label_pos in taken:
            edge.label_pos = (edge.label_pos[0], edge.label_pos[1] - LINE)
        if edge.label_pos is not None:
            taken.add(edge.label_pos)


class Command(BaseCommand):
    help = "Print the flow as an SVG drawing; docs/flow.svg is its output."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        # viewflow's templates are not installed as an app here: none of its own pages are served.
        engine = Engine(
            dirs=[Path(viewflow.__file__).parent / "templates"], libraries={"l10n": "django.templatetags.l10n"}
        )
        with override("en"):
            grid = calc_layout_data(ReviewFlow)
            part_labels(grid.edges)
            context = Context({"grid": grid, "cells": grid.cells, "edges": grid.edges})
            drawing = engine.get_template("viewflow/workflow/graph.svg").render(context)
        self.stdout.write("\n".join(line.rstrip() for line in drawing.splitlines() if line.strip()))
