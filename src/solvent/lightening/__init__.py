"""Lightening: making a model cheaper to run at the same quality; today, the house model built into the package."""
