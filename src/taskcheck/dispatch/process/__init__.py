"""The worker process under supervision; POSIX only."""
