"""Judgements: pure functions on facts. Each returns what it found, or raises CheckFailure."""
