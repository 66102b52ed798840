"""The composition root: reads the configuration and puts the rooms together."""
