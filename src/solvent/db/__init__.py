"""One database, one writer: everything that is written goes through group commits."""
