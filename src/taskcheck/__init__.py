"""taskcheck: do the ledgers of an agent fleet agree?"""

__version__ = "0.1.0"
