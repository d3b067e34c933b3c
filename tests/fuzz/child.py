"""One reader under libFuzzer, in a process of its own: `python -m tests.fuzz.child NAME SECONDS FOLDER KEPT`."""

import hashlib
import resource
import sys
from pathlib import Path

import atheris

from platefuse.core.errors import PlatefuseError

_LONGEST = 10  # seconds
_MEMORY = 1024  # MiB, beyond what it takes to start
# Whose branches libFuzzer is told of: ours, and the readers written in Python below them.
_INSTRUMENTED = ["platefuse", "PIL", "fontTools", "yaml"]


def main() -> None:
    name, seconds, folder, kept = sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])
    with atheris.instrument_imports(include=_INSTRUMENTED):
        from tests.fuzz.targets import TARGETS

        read, seeds = TARGETS[name](folder)

        def read_or_refuse(data: bytes) -> None:
            try:
                read(data)
            except PlatefuseError as error:
                str(error)

        for seed in seeds:  # what is imported late must be instrumented, and its memory counted as the start's
            read_or_refuse(seed)
    corpus, beginning = kept / "corpus", folder / "seeds"
    for made in (corpus, beginning):
        made.mkdir(exist_ok=True)
    for seed in seeds:
        (beginning / hashlib.sha256(seed).hexdigest()).write_bytes(seed)
    started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    options = {
        "max_total_time": seconds,
        "timeout": _LONGEST,
        "rss_limit_mb": started + _MEMORY,
        "artifact_prefix": f"{kept / 'findings'}/",
        "print_final_stats": 1,
        "seed": 1,
    }
    flags = [f"-{option}={value}" for option, value in options.items()]
    # Earlier findings are read first: they may not come back.
    atheris.Setup([sys.argv[0], *flags, str(corpus), str(kept / "findings"), str(beginning)], read_or_refuse)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
