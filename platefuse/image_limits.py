"""How large an image may be, whether it is read from a file or decoded in the graph.

A header of 30 bytes can claim any size, and what decodes it believes it. The graph holds a pixel as 12 bytes, and an
axis as a matrix of as many columns: within both bounds one image takes half a gigabyte at most.
"""

MAX_PIXELS = 2**25  # a frame of 8K video has just fewer, and so has what a camera of 24 megapixels makes
MAX_SIDE = 2**15
