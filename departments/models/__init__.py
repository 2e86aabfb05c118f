from departments.models.calendar import CalendarDay, CalendarRule, ClosedDays
from departments.models.deputies import Deputy, DeputyGrant
from departments.models.indicators import Indicator, StepTarget
from departments.models.organisation import Appointment, Department, DepartmentGrant, Role
from departments.models.people import User
from departments.models.plans import ActionPlan, Measure, Milestone, PlanAuthor
from departments.models.strategy import Initiative, Strategy, Theme

__all__ = [
    "ActionPlan",
    "Appointment",
    "CalendarDay",
    "CalendarRule",
    "ClosedDays",
    "Department",
    "DepartmentGrant",
    "Deputy",
    "DeputyGrant",
    "Indicator",
    "Initiative",
    "Measure",
    "Milestone",
    "PlanAuthor",
    "Role",
    "StepTarget",
    "Strategy",
    "Theme",
    "User",
]
