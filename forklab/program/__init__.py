"""What is judged: found, built, started, driven, observed."""
