"""Sources and settings to one frozen state; pure."""
