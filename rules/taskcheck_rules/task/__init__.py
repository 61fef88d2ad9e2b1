"""The ledger files by themselves."""
