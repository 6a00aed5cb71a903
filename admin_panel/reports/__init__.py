"""How the reports look. What they hold, and who may open them, stands in `records.queries.reports`."""

from __future__ import annotations

from admin_panel.reports.certifications import CERTIFICATION_LAYOUTS
from admin_panel.reports.layout import Column, Figure, Kind, Layout
from admin_panel.reports.people import PEOPLE_LAYOUTS

__all__ = ["LAYOUTS", "Column", "Figure", "Kind", "Layout"]

LAYOUTS = CERTIFICATION_LAYOUTS | PEOPLE_LAYOUTS
