"""The version of taskcheck."""

__version__ = "0.1.0"
