"""`python -m tests.fuzz`: gives each reader its time, one after another, and says what was found."""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import TARGETS

KEPT = Path(".fuzz")  # inputs that reached new code, from run to run; logs; inputs that are findings


def main() -> int:
    arguments = _parser().parse_args()
    found = [name for name in arguments.names or TARGETS if not _passes(name, round(60 * arguments.minutes))]
    print(f"Findings in {', '.join(found)}." if found else "No findings.")
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Feed readers damaged and hostile bytes.")
    parser.add_argument(
        "names", nargs="*", metavar="READER", help=f"which readers (default: all): {', '.join(TARGETS)}"
    )
    parser.add_argument("--minutes", type=float, default=1.0, metavar="N", help="how long each (default: 1)")
    return parser


def _passes(name: str, seconds: int) -> bool:
    """Run one reader in a process of its own, print a line about it, and say whether nothing was found."""
    kept = KEPT / name
    (kept / "findings").mkdir(parents=True, exist_ok=True)
    before = set((kept / "findings").iterdir())
    log = kept / "log.txt"
    with tempfile.TemporaryDirectory() as folder, log.open("w", encoding="utf-8") as stream:
        command = [sys.executable, "-m", "tests.fuzz.child", name, str(seconds), folder, str(kept)]
        status = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=False).returncode
    if status == 0:
        print(f"{name:<12}{seconds:>5} s {_executions(log):>10,} executions", flush=True)
        return True
    new = sorted(set((kept / "findings").iterdir()) - before)
    print(f"{name:<12}FINDING after {_executions(log):,} executions: {_reason(log)}", flush=True)
    print(f"            {log}" + "".join(f"\n            {path}" for path in new), flush=True)
    return False


def _executions(log: Path) -> int:
    counts = re.findall(r"^stat::number_of_executed_units:\s*(\d+)", log.read_text(errors="replace"), re.MULTILINE)
    return int(counts[-1]) if counts else 0


def _reason(log: Path) -> str:
    text = log.read_text(errors="replace")
    reasons = re.findall(
        r"Uncaught Python exception: ===\n(.*)|ERROR: libFuzzer: (.*)|^(\w+(?:\.\w+)*Error: .*)", text, re.M
    )
    return next((part for parts in reasons for part in parts if part), "it could not start")


if __name__ == "__main__":
    sys.exit(main())
