"""The command line, one file a family of commands. Nothing here imports torch before a command runs."""
