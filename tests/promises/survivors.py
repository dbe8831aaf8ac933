"""Random mutants that no test can catch, because they change nothing that matters, each with the reason."""

SURVIVORS: dict[tuple[str, str], str] = {}
