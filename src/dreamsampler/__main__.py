"""`python -m dreamsampler`: the command line."""

from .frontends.cli.main import main

if __name__ == "__main__":
    main()
