"""What must be true of a program, a file per lab; each fact is a named check."""
