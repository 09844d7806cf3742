"""How people reach the library: functions for Python, commands for the terminal."""
