"""Published methods, one a file, each through the library's loop where it fits; the header of a file says so.

`registry.parse("psld:omega=0.5", "inverse")` makes one, `run.edit_with` and `run.restore_with` run one.
"""
