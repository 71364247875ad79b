"""Submissions: what people handed in, read safely from files, folders and archives."""
