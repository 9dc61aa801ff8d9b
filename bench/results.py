# SPDX-License-Identifier: GPL-2.0
"""What was measured (build/bench.jsonl) and what is to be reached (bench/goals)."""
import fnmatch
import json
import os

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join(TOP, "build", "bench.jsonl")
OURS = ("pma", "libpma")
VARIANTS = ("pma-adaptive",)    # ours too, in a row of its own
LANES = ("icount", "icount-zero", "icount-smp", "uml", "kvm", "tcg", "twin", "user", "user-host")


class Results:
    """Values by lane, case and allocator, in the order they were measured."""

    def __init__(self, path):
        self.values = {}
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                result = json.loads(line)
                case = self.values.setdefault((result["lane"], result["case"]), {})
                case[result["allocator"]] = (result["value"], result["unit"])

    def value(self, lane, case, allocator):
        found = self.values.get((lane, case), {}).get(allocator)
        return found and found[0]

    def unit(self, lane, case):
        return next(iter(self.values[lane, case].values()))[1]

    def ours(self, lane, case):
        """The value of pma, or of libpma; None where it was not measured."""
        found = self.values[lane, case]
        return next((found[name][0] for name in OURS if name in found), None)

    def peers(self, lane, case):
        """Values and names of the others, the least first."""
        found = self.values[lane, case]
        return sorted((value, name) for name, (value, _) in found.items()
                      if name not in OURS + VARIANTS)


class Goal:
    """A line of bench/goals."""

    def __init__(self, line):
        self.lane, self.case, factor, *self.references = line.split()
        self.factor = float(factor)
        self.case, _, self.variant = self.case.partition("/")

    def is_of(self, lane, case, variant=""):
        return (lane == self.lane and variant == self.variant and
                fnmatch.fnmatchcase(case, self.case))

    def reference(self, results, lane, case):
        """The least value that is referred to, and whose it is."""
        found = []
        for reference in self.references:
            place, allocator = reference.split("/")
            other_lane, _, other_case = place.rpartition(":")
            other_case = other_case or case
            value = results.value(other_lane or lane, other_case, allocator)
            if value is not None:
                found.append((value, allocator if other_case == case else other_case))
        return min(found, default=(None, None))


def read_goals():
    with open(os.path.join(TOP, "bench", "goals"), encoding="utf-8") as lines:
        return [Goal(line) for line in lines if line.strip() and not line.startswith("#")]
