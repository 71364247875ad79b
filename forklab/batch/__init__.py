"""Grade many submissions: several at a time, kept as each ends, gone on with after any end."""
