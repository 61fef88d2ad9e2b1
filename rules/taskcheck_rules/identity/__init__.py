"""Who is who: one spelling, one register and one snapshot per person."""
