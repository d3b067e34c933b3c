"""Parameters that determine the size of a character's crop.

The stages that read them share their types.
"""

from typing import Annotated, Literal

from pydantic import Field

from platefuse.core.params import Pair

InputSide = Annotated[int, Field(ge=32, le=4096, multiple_of=32)]
"""Height or width of a detector's input, in pixels."""

InputSize = Annotated[
    Pair[InputSide],
    Field(description="Height and width in pixels that every image is letterboxed to: multiples of the stride, 32."),
]
"""`detector.input_size`."""

CropMargin = Annotated[
    float,
    Field(ge=-0.4, le=2, description="Padding on each side of a box before it is cropped, as a share of the side."),
]
"""`fuse.crop_margin`."""

Polarity = Annotated[
    Literal["as_given", "dark_on_light", "light_on_dark"],
    Field(
        description="Polarity that the networks read best, dark_on_light or light_on_dark: images that read better "
        "inverted are inverted. as_given never inverts."
    ),
]
"""`fuse.polarity`."""

Deskew = Annotated[
    bool, Field(description="Whether plates whose characters stand askew are turned level and read again.")
]
"""`fuse.deskew`."""
