"""Mutants of the modules that decide: ``python -m tools.mutants``; ``make mutants`` sees to what it needs.

A mutant is one module with one decision changed: a comparison, a boolean, a bound off by one, a ``raise``
dropped, a returned value lost. Each is run against the tests that execute its line. One that no test notices
is a survivor; it must stand in ``tools/mutants_allowed.toml`` with the reason why no test could or need tell
it from the original, or the command fails.

- ``decisions``: which mutants a source has, and the tree of each.
- ``coverage_map``: which test executes which line, and which branches none takes.
- ``worker``: a process that has collected the tests once and runs some of them for each mutant in a fork.
- ``ledger``: what is known already, what is allowed, what is still to be run.
- ``__main__``: the command.

``docs/adr/0030`` says why this is not a library.
"""
