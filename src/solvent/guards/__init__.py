"""Guards look for what should not be asked or told: one file each, all behind one port."""
