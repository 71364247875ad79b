"""What happened in a run, derived from what was seen anyway; it decides no verdict."""
