"""Videos: jobs at a provider that take minutes, of which each is held for until it has ended, and charged once."""
