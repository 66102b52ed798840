"""Clusters: where work that falls into independent jobs is spread to."""
