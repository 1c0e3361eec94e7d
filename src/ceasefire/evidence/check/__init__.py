"""Claims against the dated record: `check.check` gives each a verdict with the record that says so."""
