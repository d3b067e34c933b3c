"""Stencils: where gaps run, and what they leave alone."""

import numpy as np

from platefuse.synthesis.licence.stencil import cut_stencil

BLOCK = np.full((100, 60), 255, np.uint8)
STEM = np.full((100, 6), 255, np.uint8)


def test_a_gap_runs_through_the_middle_from_edge_to_edge():
    directions = set()
    for seed in range(30):
        cut = cut_stencil(np.random.default_rng(seed), {"B": BLOCK})["B"]
        assert cut.shape == BLOCK.shape and cut.dtype == np.uint8
        rows, columns = (cut == 0).all(axis=1), (cut == 0).all(axis=0)
        assert rows.any() != columns.any()
        gap = rows if rows.any() else columns
        places = np.flatnonzero(gap)
        assert 4 <= len(places) <= 9 and (np.diff(places) == 1).all()
        assert 0.33 * len(gap) < places.mean() < 0.67 * len(gap)
        assert (cut[~rows][:, ~columns] == 255).all()
        directions.add(bool(rows.any()))
    assert directions == {True, False}


def test_glyphs_of_one_number_have_the_gap_at_the_same_place():
    glyphs = cut_stencil(np.random.default_rng(1), {"A": BLOCK, "B": BLOCK})
    np.testing.assert_array_equal(glyphs["A"], glyphs["B"])
    assert (BLOCK == 255).all()


def test_a_stem_that_a_gap_would_erase_is_left_alone():
    erased = [cut_stencil(np.random.default_rng(seed), {"I": STEM})["I"] for seed in range(30)]
    assert min(glyph.sum() for glyph in erased) >= STEM.sum() / 2
