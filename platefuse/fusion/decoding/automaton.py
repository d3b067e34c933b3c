"""Deterministic automaton of formats: each reading is one path through it.

A format is a path of character types. Several formats may allow a reading. Summed or listed by format, it would be
counted several times. The subset construction (Rabin and Scott, *Finite Automata and Their Decision Problems*, 1959)
merges the formats: a state is the set of formats that the types so far agree with.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

TYPES = ("L", "0", "")  # letters, digits, others; no format has a symbol for others alone
FREE = len(TYPES)  # the first states of a slot, which agree with no format


@dataclass(frozen=True, eq=False)
class Automaton:
    """States after each slot, S at most.

    A state is a set of formats together with the type of the last character. State t < 3 is the empty set after type t:
    readings that end there are free. Before the first slot there is state 0 alone, whatever its type.

    Attributes:
        types: type of each state's last character, int [N,S]; unused states have type 0.
        parents: states of the slot before that lead to each state but the first three, int [N,S-3,P]; -1 pads.
        free: states of the slot before from which each type leads to no format, bool [N,3,S].
        accepts: whether a format ends in the state, bool [N,S].
    """

    types: np.ndarray
    parents: np.ndarray
    free: np.ndarray
    accepts: np.ndarray

    @property
    def slots(self) -> int:
        """N, characters of the longest reading."""
        return self.types.shape[0]

    def types_before(self, slot: int) -> np.ndarray:
        """Types of the states before a slot, int [S]; at first 0."""
        return self.types[slot - 1] if slot else np.zeros(self.states, int)

    @property
    def states(self) -> int:
        """S, the number of states of a slot."""
        return self.types.shape[1]


def allowed_types(formats: tuple[str, ...], slots: int) -> np.ndarray:
    """Types that each format allows in each slot, bool [F,N,3]."""
    return np.array(
        [[[symbol in ("?", of_type) for of_type in TYPES] for symbol in entry.ljust(slots, "?")] for entry in formats]
    )


_State = tuple[frozenset[str], int]


def build_automaton(formats: Iterable[str], slots: int) -> Automaton:
    """Build the automaton of formats.

    Args:
        formats: none longer than `slots`; may be empty.
        slots: N, characters of the longest reading.
    """
    levels: list[dict[_State, list[int]]] = []  # each state after the first three, and its parents
    free = np.zeros((slots, FREE, 1), bool)
    before: list[_State] = [(frozenset(formats), 0)]
    for slot in range(slots):
        states: dict[_State, list[int]] = {}
        ends = np.zeros((FREE, len(before)), bool)
        for index, (agreeing, _) in enumerate(before):
            for kind, symbol in enumerate(TYPES):
                left = frozenset(entry for entry in agreeing if slot < len(entry) and entry[slot] in ("?", symbol))
                if left:
                    states.setdefault((left, kind), []).append(index)
                else:
                    ends[kind, index] = True
        levels.append(states)
        free = _with_level(free, slot, ends)
        before = [(frozenset(), kind) for kind in range(FREE)] + list(states)
    return _as_arrays(levels, free)


def _with_level(free: np.ndarray, slot: int, ends: np.ndarray) -> np.ndarray:
    """Set a slot of `free`, which grows with the number of states."""
    grown = np.pad(free, ((0, 0), (0, 0), (0, max(0, ends.shape[1] - free.shape[2]))))
    grown[slot, :, : ends.shape[1]] = ends
    return grown


def _as_arrays(levels: list[dict[_State, list[int]]], free: np.ndarray) -> Automaton:
    most = FREE + max(len(states) for states in levels)
    widest = max((len(parents) for states in levels for parents in states.values()), default=1)
    types, accepts = np.zeros((len(levels), most), int), np.zeros((len(levels), most), bool)
    types[:, :FREE] = np.arange(FREE)
    parents = np.full((len(levels), most - FREE, widest), -1)
    for slot, states in enumerate(levels):
        for index, ((agreeing, kind), from_states) in enumerate(states.items()):
            types[slot, FREE + index] = kind
            accepts[slot, FREE + index] = any(len(entry) == slot + 1 for entry in agreeing)
            parents[slot, index, : len(from_states)] = from_states
    return Automaton(types, parents, np.pad(free, ((0, 0), (0, 0), (0, most - free.shape[2]))), accepts)
