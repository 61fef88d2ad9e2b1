"""A worker process under supervision: known before it starts, heard while it runs, gone when its supervisor is."""
