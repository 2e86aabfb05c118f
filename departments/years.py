"""A fiscal year as people read it."""

from django.utils.translation import get_language

from departments.fiscal import fiscal_year_label


def year_label(fiscal_year: int) -> str:
    """令和8年度; FY2026 in English."""
    return f"FY{fiscal_year}" if get_language() == "en" else fiscal_year_label(fiscal_year)
