"""How large an image may be, whether it is read from a file or decoded in the graph.

A header of 30 bytes can claim any size, and what decodes it believes it. The graph holds a pixel as 12 bytes, and an
axis as a matrix of as many columns: both bounds keep one image below 500 MB there.
"""

MAX_PIXELS = 2**25  # a frame of 8K video, and what cameras of 24 megapixels make; four times what finding a plate needs
MAX_SIDE = 2**15
