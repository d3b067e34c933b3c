"""Parameters of scenes: photographs with licence plates in them."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from platefuse.core.params import Pair, Params, Probability, Range
from platefuse.synthesis.licence.background import BackgroundParams
from platefuse.synthesis.licence.camera import OpticsParams
from platefuse.synthesis.licence.face import FaceParams
from platefuse.synthesis.licence.number import NumberParams
from platefuse.synthesis.scene.backdrop import BackdropParams
from platefuse.synthesis.scene.clutter import ClutterParams

LEAST_WIDTH = 10
"""Pixels; a narrower plate is drawn and has no box, since nobody sees it."""

_Width = Annotated[float, Field(ge=0.01, le=1.2)]
_Cars = Annotated[int, Field(ge=1, le=12)]
_Turn = Annotated[float, Field(ge=-60, le=60)]
_Tilt = Annotated[float, Field(ge=-45, le=45)]
_Height = Annotated[float, Field(ge=20, le=800)]
_Distance = Annotated[float, Field(ge=100, le=10_000)]
_Side = Annotated[int, Field(ge=64, le=4096)]
_Brightness = Annotated[float, Field(ge=20, le=235)]
_Aspect = Annotated[float, Field(ge=1, le=4)]


class PhotographParams(Params):
    """Sizes of whole photographs."""

    side: Range[_Side] = Field(description="Longer side, in pixels.")
    aspect: Range[_Aspect] = Field(description="Longer side divided by the shorter one.")
    portrait: Probability = Field(description="Share of photographs that are higher than wide.")


class PlacingParams(Params):
    """Where plates are in the picture."""

    width: Range[_Width] = Field(description="Width of the largest plate, as a share of the picture's; log-uniform.")
    cars: Range[_Cars] = Field(description="Cars in a scene; fewer where they find no room.")
    none: Probability = Field(description="Share of scenes without any plate.")
    loose: Probability = Field(description="Share of plates beside a car: on a wall, a trailer, a close-up.")
    cut: Probability = Field(description="Share of plates that may reach beyond the picture's border.")
    visible: float = Field(gt=0, le=1, description="Least share of a plate inside the picture; else it is moved.")


class PoseParams(Params):
    """From where cars are seen."""

    turn: Range[_Turn] = Field(description="Degrees by which a car is turned sideways.")
    straight: Probability = Field(description="Share of cars that are turned by a third of that at most.")
    tilt: Range[_Tilt] = Field(description="Degrees by which the picture is tilted.")
    level: Probability = Field(description="Share of pictures that are tilted by a tenth of that at most.")
    height: Range[_Height] = Field(description="Height of the camera above the ground, in centimetres; log-uniform.")
    distance: Range[_Distance] = Field(description="Camera to plate, in centimetres; log-uniform.")


class CarParams(Params):
    """How cars look."""

    front: Probability = Field(description="Share of cars seen from the front; the others show their rear.")
    large: Probability = Field(description="Share of vans, lorries and buses.")
    plain: Probability = Field(description="Share of black, gray, silver and white cars.")
    recess: Probability = Field(description="Share of plates in a recess or on a darker panel.")
    lettering: Probability = Field(description="Share of cars with badges and lettering.")
    grille: Probability = Field(description="Share of fronts whose grille has slats.")
    matching: Probability = Field(description="Share of cars in the colour of their plate's ground.")


class SceneLightParams(Params):
    """The light of the whole scene."""

    dusk: Probability = Field(description="Share of scenes at dusk or at night.")
    infrared: Probability = Field(description="Share of scenes in infra-red gray, where plates shine.")
    lamps: Probability = Field(description="Share of cars whose lamps are lit; more at dusk.")
    shadows: Probability = Field(description="Share of scenes with the shadows of trees or houses.")
    haze: Probability = Field(description="Share of scenes with haze or veiling glare.")
    wet: Probability = Field(description="Share of scenes with drops on the lens.")
    exposure: Range[_Brightness] = Field(description="Mean brightness that the camera aims at, of 255; less at night.")

    def check_rules(self) -> Iterator[str]:
        if self.dusk + self.infrared > 1:
            yield f".dusk = {self.dusk} and infrared = {self.infrared}: expected 1 at most together"


class ScenePlateParams(Params):
    """The plates: number, face and holder."""

    number: NumberParams
    face: FaceParams
    background: BackgroundParams


class SceneParams(Params):
    """Photographs with licence plates in them."""

    placing: PlacingParams
    pose: PoseParams
    car: CarParams
    plate: ScenePlateParams
    light: SceneLightParams
    camera: OpticsParams
    backdrop: BackdropParams
    clutter: ClutterParams = Field(description="What looks like plates, behind the cars.")
    overlay: ClutterParams = Field(description="The same in front of the cars, beside the plates.")
    backgrounds: str | None = Field(
        None, min_length=1, description="Folder of your own photographs without plates; null for none."
    )
    background_share: Probability = Field(description="Share of scenes in front of one of these photographs.")

    def check_rules(self) -> Iterator[str]:
        if self.background_share and not self.backgrounds:
            yield (
                f".background_share = {self.background_share}: there are no photographs; name their folder in "
                ".backgrounds"
            )


TileSize = Pair[Annotated[int, Field(ge=64, le=1024, multiple_of=32)]]
"""Height and width of a tile, in pixels."""
