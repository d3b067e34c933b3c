"""Feeds damaged and hostile bytes to everything that reads bytes from outside: `make fuzz`, beside the tests.

What is read must come out right or be refused with a PlatefuseError. Anything else is a finding: another exception, an
end of the process, 10 seconds without an answer, 1 GiB of memory more than it took to start.
"""
