"""Studies: programs that answer one question with a table."""
