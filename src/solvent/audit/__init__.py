"""Who changed what, and how often a repeated request has its effect: once."""
