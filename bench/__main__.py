"""Run the named benchmarks, or all and write RESULTS.md; exit with 1 if a promise is not kept."""

import sys
from collections.abc import Callable
from pathlib import Path

from bench import cold_run, deploy_throughput, discovery, importing, run_throughput, validation
from bench.measuring import Table, machine
from bench.report import broken, to_markdown

RESULTS = Path(__file__).with_name("RESULTS.md")
BENCHMARKS: dict[str, Callable[[], list[Table]]] = {
    "discovery": discovery.measure,
    "importing": importing.measure,
    "validation": validation.measure,
    "cold_run": cold_run.measure,
    "run_throughput": run_throughput.measure,
    "deploy_throughput": deploy_throughput.measure,
}


def main(names: list[str]) -> int:
    """Run benchmarks; write RESULTS.md if all of them ran."""
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    facts, tables = machine(), []
    for name in names or BENCHMARKS:
        print(f"bench: {name}", file=sys.stderr, flush=True)
        tables += BENCHMARKS[name]()
    results = to_markdown(facts, tables)
    print(results)
    if not names:
        RESULTS.write_text(results)
    for promise in broken(tables):
        print(f"bench: promise not kept: {promise.text}", file=sys.stderr)
    return 1 if broken(tables) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
