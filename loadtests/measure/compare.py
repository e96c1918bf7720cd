"""Compares a result with an earlier one: python3 compare.py BASE.md NEW.md

A row with an interval has become worse when its whole interval is above that of BASE. A row without one is counted and
not timed (bytes, system calls, sizes), or the median of repeated runs: it may grow by the share that TOLERANCE gives. A row that
either result calls void, or that only one of them has, is not compared. The exit code is 1 when a row has become worse."""

import re
import sys

# Of rows without an interval: by how much they may grow. The first that occurs in the row's name counts.
TOLERANCE = (("bytes", 0.02), ("syscalls", 0.05), ("binary", 0.02), ("start", 0.25), ("resident", 0.10))
CPU = ("CPU", "price of", "unary calls", "10 % POST")


def rows(path):
    """Name → (value, low, high) of every row with a number; low and high are None where there is no interval.
    The second answer: are its CPU ratios void?"""
    found = {}
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) < 4 or "void" in cells[2]:
            continue
        number = r"(-?\d+(?:\.\d+)?)"
        value = re.match(number, cells[2])
        interval = re.match(rf"{number} \({number}–{number}\)", cells[2])
        if value:
            found[cells[0]] = tuple(float(group) for group in interval.groups()) if interval else (float(value.group(1)), None, None)
    return found, "CPU ratios of this run are void" in text


def is_worse(name, before, after):
    """None: not to be compared."""
    if before[2] is not None and after[1] is not None:
        return after[1] > before[2]
    for word, share in TOLERANCE:
        if word in name:
            return after[0] > before[0] + abs(before[0]) * share
    return None


def compare(base, new):
    """Lines to print, and how many rows have become worse."""
    (before, base_void), (after, new_void) = rows(base), rows(new)
    lines, worse = [], 0
    for name, value in after.items():
        # A peer's own figures, and what the host slowed down, say how the machine was, not what we have become.
        if name not in before or any(word in name for word in ("for comparison", "A/A", "slow stretches")):
            continue
        if (base_void or new_void) and "bytes" not in name and any(word in name for word in CPU):
            lines.append(f"{'void':13} {name}")
            continue
        verdict = is_worse(name, before[name], value)
        worse += bool(verdict)
        change = f"{before[name][0]:g} → {value[0]:g}"
        lines.append(f"{'not compared' if verdict is None else 'WORSE' if verdict else 'ok':13} {name}: {change}")
    return lines, worse


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    lines, worse = compare(sys.argv[1], sys.argv[2])
    print("\n".join(lines))
    if not lines:
        raise SystemExit("nothing to compare: no row is in both")
    print(f"{worse} worse than {sys.argv[1]}")
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
