"""The automaton of formats against plain matching of every sequence of types."""

import itertools

import pytest

from platefuse.fusion.decoding.automaton import FREE, TYPES, Automaton, build_automaton

SLOTS = 4
FORMATS = [(), ("L0",), ("L00", "?0", "LL0", "????"), ("0?L", "0LL", "?"), ("????", "???")]


def paths_of(automaton: Automaton, sequence: tuple[int, ...]) -> list[int]:
    """List the states in which a sequence of types can end."""
    states = [0]
    for slot, kind in enumerate(sequence):
        free = [kind] if any(automaton.free[slot, kind, state] for state in states) else []
        agreeing = [
            FREE + index
            for index, parents in enumerate(automaton.parents[slot])
            if automaton.types[slot, FREE + index] == kind and set(parents) & set(states)
        ]
        states = free + agreeing
    return states


@pytest.mark.parametrize("formats", FORMATS, ids=str)
def test_each_sequence_of_types_has_one_path_which_accepts_if_a_format_fits(formats):
    automaton = build_automaton(formats, SLOTS)
    for length in range(1, SLOTS + 1):
        for sequence in itertools.product(range(len(TYPES)), repeat=length):
            (state,) = paths_of(automaton, sequence)
            fits = any(
                len(entry) == length
                and all(symbol in ("?", TYPES[kind]) for symbol, kind in zip(entry, sequence, strict=True))
                for entry in formats
            )
            assert automaton.accepts[length - 1, state] == fits
            assert automaton.types[length - 1, state] == sequence[-1]


def test_states_that_agree_with_the_same_formats_are_one():
    assert build_automaton(("?" * 12,), 12).states == FREE + len(TYPES)
    assert build_automaton((), 12).states == FREE
