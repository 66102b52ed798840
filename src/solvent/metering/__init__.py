"""Metering: what an answer really used, told from what the upstream sent."""
