"""Random fleets, healthy by construction, into which known faults are injected one by one and together.

`world` is a fleet as plain data, `life` drives one through months of work, `faults` breaks one invariant at a time.
`sources` shows a world to the checker as if it had been read, `disk` builds it with real git.
"""
