"""The only readers: every ledger is read once, in two steps; what git is asked depends on what the files say."""
