"""The command `solvent`."""
