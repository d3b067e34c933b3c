"""Joins detector and classifier into one graph: pixels in, text out.

    images ─> scale to canvas ─> detector ─> connection layer ─> head ─> read-out ─> boxes, characters, text

After the article *Combining Models (RetinaNet + Multiple Character Recognition) for License Plate Recognition*:
its connection layer turns the detector's boxes into crops, its multi-flow head is N copies of the classifier. The
default head does the same in one call. Everything between pixels and text is one Keras functional model.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from platefuse.detector import AnchorParams, prediction_model
from platefuse.errors import PlatefuseError
from platefuse.formats import Formats, check_formats, most_probable_reading
from platefuse.keras2 import keras, tf
from platefuse.params import Params, Real
from platefuse.reading_order import ReadingOrder, reading_order
from platefuse.resampling import canvas_geometry, crop_and_resize, scale_to_canvas


class FuseParams(Params):
    """Section `fuse` of params.yaml."""

    slots: int = Field(ge=1, le=100, description="N, the most characters read on one plate")
    head: Literal["batched", "multiflow"] = Field(description="one call of one classifier, or N copies of it")
    score_threshold: Real = Field(ge=0, lt=1, description="boxes count if the detector scores them above it")
    nms_threshold: Real = Field(gt=0, le=1, description="of two boxes of more overlap (IoU) the lower score goes")
    character_threshold: Real = Field(
        ge=0, lt=1, description="characters count if the classifier scores them this or more"
    )
    crop_margin: Real = Field(ge=-0.4, le=2, description="widens boxes on each side by this share before cropping")
    round: bool = Field(description="round the crops' pixels to 0 or 1, as the article does")
    reading_order: ReadingOrder = Field(description="left_to_right, rows or score")
    detector_weight: Real = Field(ge=0, description="of the detector's opinion on a character; the classifier's is 1")
    formats: Formats = Field(description="formats such as LL000LL, and names of shipped lists of them")
    format_tolerance: Real = Field(ge=0, description="log-probability a reading may lose for following a format")

    @model_validator(mode="after")
    def _check(self) -> "FuseParams":
        longest = max(self.formats, key=len, default="")
        if len(longest) > self.slots:
            raise ValueError(
                f"fuse.formats: {longest!r} is longer than fuse.slots = {self.slots}; raise fuse.slots or leave it out"
            )
        return self


def fuse(
    detector: keras.Model,
    anchors: AnchorParams,
    detector_alphabet: str,
    classifier: keras.Model,
    alphabet: str,
    params: FuseParams,
) -> tuple[keras.Model, keras.Model]:
    """Build the fused model.

    Args:
        detector: the training model, and `anchors` what it was trained with.
        detector_alphabet: the character of each of its classes, "" if it names none.
        classifier: from float32 [B,h,w,1], 0..1, to probabilities [B,K] of the characters of `alphabet`.
        params: slots, thresholds and the rest.

    Returns:
        Two models that share everything and give the same outputs, DESIGN's table without `text`: one from
        `images`, uint8 RGB [B,H,W,3] of any size; the other from what its first layer makes of them, `canvas`,
        float32 [B,h,w,3], and `geometry`, float32 [B,3]: the scale, and the images' height and width.

    Raises:
        PlatefuseError: if the alphabet cannot fill a format, or the detector is asked for characters it cannot name.
    """
    check_formats(params.formats, alphabet)
    if params.detector_weight:
        _check_detector_alphabet(detector_alphabet, alphabet, params.detector_weight)
    canvas_size = tuple(detector.input_shape[1:3])
    canvas = keras.Input((*canvas_size, 3), name="canvas")
    geometry = keras.Input((3,), name="geometry")
    predictor = prediction_model(
        detector,
        anchors,
        params.score_threshold,
        params.nms_threshold,
        max_detections=params.slots,
        class_scores=params.detector_weight > 0,
    )
    boxes, scores, *class_scores = predictor(canvas)
    crops = ConnectionLayer(classifier.input_shape[1:3], params.crop_margin, params.round, name="connection")(
        [canvas, boxes]
    )
    probabilities = _HEADS[params.head](classifier, params.slots)(crops)
    if class_scores:
        probabilities = ProductOfOpinions(params.detector_weight, name="opinions")([probabilities, *class_scores])
    outputs = ReadOut(params, alphabet, name="read_out")([boxes, scores, probabilities, geometry])
    on_canvas = keras.Model([canvas, geometry], outputs, name="fused_on_canvas")
    images = keras.Input((None, None, 3), dtype=tf.uint8, name="images")
    return keras.Model(images, on_canvas(ScaleToCanvas(canvas_size, name="scale")(images)), name="fused"), on_canvas


def _check_detector_alphabet(detector_alphabet: str, alphabet: str, weight: float) -> None:
    name = f"fuse.detector_weight = {weight}"
    if not detector_alphabet:
        raise PlatefuseError(
            f"{name}: the detector names no characters; train it with detector.classes character, or set 0."
        )
    if detector_alphabet != alphabet:
        raise PlatefuseError(
            f"{name}: the detector names the characters {detector_alphabet!r} and the classifier {alphabet!r}; "
            "train both on the same data, or set 0."
        )


class ScaleToCanvas(keras.layers.Layer):
    """Images [B,H,W,3] to the canvas [B,h,w,3] and its geometry [B,3]: the scale, and the images' height and width."""

    def __init__(self, canvas: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.canvas = canvas

    def call(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch, height, width, _ = tf.unstack(tf.shape(images))
        geometry = canvas_geometry(height, width, self.canvas)
        return scale_to_canvas(images, self.canvas), tf.tile(geometry[None], [batch, 1])


class ConnectionLayer(keras.layers.Layer):
    """Turns the detector's boxes into the classifier's characters.

    Boxes x1,y1,x2,y2 are widened by `margin`, normalised to y1,x1,y2,x2, cut out, resized, and made gray and
    0..1; with `rounded`, 0 or 1. Input: the canvas, float32 RGB [B,h,w,3], 0..255, and boxes, float32 [B,N,4] in
    its pixels. Output: float32 [B,N,crop height,crop width,1]. The crop of an unused slot (a box of -1) is a
    single repeated pixel, and means nothing.
    """

    def __init__(self, size: tuple[int, int], margin: float, rounded: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.margin, self.rounded = size, margin, rounded

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        canvas, boxes = inputs
        gray = tf.image.rgb_to_grayscale(canvas)[..., 0]
        normalised = to_normalised_yxyx(widen(boxes, self.margin), *canvas.shape[1:3])
        characters = crop_and_resize(gray, normalised, *self.size)[..., None] / 255.0
        return tf.round(characters) if self.rounded else characters


def widen(boxes: tf.Tensor, margin: float) -> tf.Tensor:
    """Widen boxes [...,4], x1,y1,x2,y2, on each side by `margin` times their width or height."""
    x1, y1, x2, y2 = tf.unstack(boxes, axis=-1)
    x, y = margin * (x2 - x1), margin * (y2 - y1)
    return tf.stack([x1 - x, y1 - y, x2 + x, y2 + y], axis=-1)


def to_normalised_yxyx(boxes: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Boxes [...,4] from x1,y1,x2,y2 in pixels to y1,x1,y2,x2, where 0 and 1 are the image's outer edges."""
    x1, y1, x2, y2 = tf.unstack(boxes, axis=-1)
    return tf.stack([y1 / height, x1 / width, y2 / height, x2 / width], axis=-1)


def batched_head(classifier: keras.Model, slots: int) -> keras.layers.Layer:
    """Classify every character of every image, [B,N,h,w,1], in one call of one classifier: [B,N,K]."""
    del slots  # any number goes into one call
    return keras.layers.TimeDistributed(classifier, name="head")


def multiflow_head(classifier: keras.Model, slots: int) -> keras.Model:
    """The article's head: N inputs, N outputs, and N copies of the classifier. From [B,N,h,w,1] to [B,N,K]."""
    inputs = [keras.Input(classifier.input_shape[1:], name=f"character_{i}") for i in range(slots)]
    flows = []
    for i, character in enumerate(inputs):
        copy = keras.models.clone_model(classifier)
        copy.set_weights(classifier.get_weights())
        copy._name = f"flow_{i}"
        flows.append(copy(character))
    multiflow = keras.Model(inputs, flows, name="multiflow")
    characters = keras.Input((slots, *classifier.input_shape[1:]), name="characters")
    stacked = keras.layers.Lambda(lambda outputs: tf.stack(outputs, axis=1), name="stack")(
        multiflow(keras.layers.Lambda(lambda crops: tf.unstack(crops, axis=1), name="unstack")(characters))
    )
    return keras.Model(characters, stacked, name="head")


_HEADS = {"batched": batched_head, "multiflow": multiflow_head}


class ProductOfOpinions(keras.layers.Layer):
    """Multiplies the classifier's opinion with the detector's: log p = log p_classifier + weight * log p_detector.

    A product of experts (Hinton, 2002), or logarithmic opinion pool. Input: the classifier's probabilities, float32
    [B,N,K], and the detector's class scores [B,N,K], sigmoids of 0..1 that need not sum to 1 (unused slots -1).
    Output: probabilities [B,N,K].
    """

    # A sigmoid of the focal loss near 0 says no more than that the detector would not propose that class. Without a
    # floor a class it never proposes would be ruled out, whatever the classifier sees, and -1 has no logarithm.
    least = 1e-4

    def __init__(self, weight: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        probabilities, class_scores = inputs
        opinions = tf.math.log(tf.maximum(class_scores, self.least))
        # The softmax makes both a distribution at once: what scales all classes alike cancels in it.
        return tf.nn.softmax(tf.math.log(probabilities) + self.weight * opinions)


class ReadOut(keras.layers.Layer):
    """Drops what does not count, puts the rest in reading order and gives it in pixels of the image as given.

    With formats it then names the characters by them; what counts was decided by the most probable ones before.
    Input: boxes float32 [B,N,4] on the canvas and scores [B,N] (unused slots -1), probabilities [B,N,K] and
    geometry [B,3]. Output: a dict of DESIGN's outputs but `text`; unused slots stand last.
    """

    def __init__(self, params: FuseParams, alphabet: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.params, self.alphabet = params, alphabet

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        boxes, scores, probabilities, geometry = inputs
        character_scores = tf.reduce_max(probabilities, axis=-1)
        used = (scores >= 0) & (character_scores >= self.params.character_threshold)
        order = reading_order(boxes, used, self.params.reading_order)

        def in_order(values: tf.Tensor, unused: float) -> tf.Tensor:
            mask = used if values.shape.rank == 2 else used[..., None]
            return tf.gather(tf.where(mask, values, unused), order, batch_dims=1)

        ids = in_order(tf.argmax(probabilities, axis=-1, output_type=tf.int32), -1)
        character_scores = in_order(character_scores, 0.0)
        count = tf.reduce_sum(tf.cast(used, tf.int32), axis=1)
        if self.params.formats:
            ids, character_scores = most_probable_reading(
                in_order(probabilities, 0.0), count, self.params.formats, self.params.format_tolerance, self.alphabet
            )
        smallest = tf.reduce_min(tf.where(ids >= 0, character_scores, 1.0), axis=1)
        return {
            "confidence": tf.where(count > 0, smallest, 0.0),
            "count": count,
            "boxes": in_order(_in_image(boxes, geometry), 0.0),
            "scores": in_order(scores, 0.0),
            "character_ids": ids,
            "character_scores": character_scores,
        }


def _in_image(boxes: tf.Tensor, geometry: tf.Tensor) -> tf.Tensor:
    """Boxes [B,N,4] from pixels of the canvas to pixels of the image, clipped to it."""
    scale, height, width = tf.unstack(geometry[:, None, :], axis=-1)
    return tf.clip_by_value(boxes / scale[..., None], 0.0, tf.stack([width, height, width, height], axis=-1))


def text_of(character_ids: tf.Tensor, alphabet: str) -> tf.Tensor:
    """Join character ids, int32 [B,N] with -1 for none, to texts, string [B]."""
    return tf.strings.reduce_join(tf.gather(tf.constant(["", *alphabet]), character_ids + 1), axis=-1)
