"""On which plan whoever signs up begins."""

from __future__ import annotations

from solvent.app.build import App


def newcomers_plan(app: App) -> str | None:
    """The plan that is set for them, or else the first that asks for nothing by the month; None where nobody may."""
    settings = app.config.people
    if settings.sign_up == "closed":
        return None
    if settings.plan:
        return settings.plan
    return next((plan.name for plan in app.plans.values() if not plan.price.grains), None)
