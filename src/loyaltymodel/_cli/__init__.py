"""The command line: what is asked, read, printed and written; loaded by ``python -m`` only."""

INTERRUPTED = 130  # the code that shells give a program that Ctrl-C ended
