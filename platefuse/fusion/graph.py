"""Joins detector and classifier into one graph: pixels in, text out.

    images ─> scale to canvas ─> detector ─> connection layer ─> head ─> read-out ─> boxes, characters, text

After the article *Combining Models (RetinaNet + Multiple Character Recognition) for License Plate Recognition*:
its connection layer turns the detector's boxes into crops, its multi-flow head is N copies of the classifier. The
default head does the same in one call. Everything between pixels and text is one Keras functional model.
"""

from typing import Any

from platefuse.core.errors import PlatefuseError
from platefuse.data.boxes import crop_window
from platefuse.fusion.batch_norm import fold_batch_normalisation
from platefuse.fusion.confidence import ProductOfOpinions
from platefuse.fusion.decoding.formats import check_formats
from platefuse.fusion.multi_crop import of_views, shifted, view_shifts
from platefuse.fusion.nms import AnchorBoxes, BestBoxes
from platefuse.fusion.params import FuseParams
from platefuse.fusion.postprocess import ReadOut
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.anchors import anchor_boxes
from platefuse.networks.detection.params import AnchorParams
from platefuse.networks.detection.resize import canvas_geometry, crop_and_resize, scale_to_canvas


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
    detector, classifier = fold_batch_normalisation(detector), fold_batch_normalisation(classifier)
    canvas_size = tuple(detector.input_shape[1:3])
    canvas = keras.Input((*canvas_size, 3), name="canvas")
    geometry = keras.Input((3,), name="geometry")
    never_empty = AtLeastOne(name="at_least_one")(canvas)
    deltas, class_scores = detector(never_empty)
    all_boxes = AnchorBoxes(anchor_boxes(anchors, canvas_size), canvas_size, name="anchor_boxes")(deltas)
    best = BestBoxes(params.slots, params.score_threshold, params.nms_threshold, name="best_boxes")
    boxes, scores, class_scores = best([all_boxes, class_scores])
    slots = UsedSlots(name="used_slots")(scores)
    shifts = view_shifts(params.crop_shift)
    size = classifier.input_shape[1:3]
    connection = ConnectionLayer(size, params.crop_margin, params.round, shifts, name="connection")
    characters = connection([never_empty, boxes, slots])
    probabilities = _HEADS[params.head](of_views(classifier, len(shifts)), characters, slots, scores)
    if params.detector_weight:
        probabilities = ProductOfOpinions(params.detector_weight, name="opinions")([probabilities, class_scores])
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


_RED, _GREEN, _BLUE = 0.2989, 0.5870, 0.1140  # of a gray pixel: tf.image.rgb_to_grayscale's, after ITU-R BT.601


class ScaleToCanvas(keras.layers.Layer):
    """Images [B,H,W,3] to the canvas [B,h,w,3] and its geometry [B,3]: the scale, and the images' height and width."""

    def __init__(self, canvas: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.canvas = canvas

    def call(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch, height, width, _ = tf.unstack(tf.shape(images))
        geometry = canvas_geometry(height, width, self.canvas)
        return scale_to_canvas(images, self.canvas), tf.tile(geometry[None], [batch, 1])


class AtLeastOne(keras.layers.Layer):
    """A batch as it is; of none, a batch of one black canvas: oneDNN's convolutions refuse an empty one."""

    def call(self, canvas: tf.Tensor) -> tf.Tensor:
        batch = tf.shape(canvas)[0]
        some = tf.cond(batch > 0, lambda: canvas, lambda: tf.zeros([1, *canvas.shape[1:]]))
        # Tells the shape, which the condition forgets, as tf.ensure_shape does; LiteRT knows this operation alone.
        return tf.reshape(some, [-1, *canvas.shape[1:]])


class UsedSlots(keras.layers.Layer):
    """Lists the slots that hold a box: from scores [B,N], -1 where none, to image and slot of each, int64 [M,2].

    Where no image has a box, all slots are listed: oneDNN's convolutions refuse a batch of no characters, too.
    """

    def call(self, scores: tf.Tensor) -> tf.Tensor:
        return tf.where(scores >= tf.minimum(tf.reduce_max(scores), 0.0))


class ConnectionLayer(keras.layers.Layer):
    """Turns the detector's boxes into the classifier's characters.

    Boxes x1,y1,x2,y2 are widened by `margin`, cut out at each of V `shifts` (in their widths, to the right), resized,
    and made gray and 0..1; with `rounded`, 0 or 1. Input: the canvas, float32 RGB [B,h,w,3], 0..255, boxes, float32
    [B,N,4] in its pixels, and which of them to cut out, `UsedSlots`' int64 [M,2]. Output: float32 [M,crop height,crop
    width,V].
    """

    def __init__(
        self, size: tuple[int, int], margin: float, rounded: bool, shifts: tuple[float, ...] = (0.0,), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.margin, self.rounded, self.shifts = size, margin, rounded, shifts

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        canvas, boxes, slots = inputs
        red, green, blue = tf.unstack(canvas, axis=-1)
        gray = _RED / 255 * red + _GREEN / 255 * green + _BLUE / 255 * blue
        windows = shifted(tf.gather_nd(boxes, slots), self.shifts)
        if self.margin:
            x1, y1, x2, y2 = tf.unstack(windows, axis=-1)
            windows = tf.stack(crop_window(x1, y1, x2, y2, self.margin), axis=-1)
        views = len(self.shifts)
        crops = crop_and_resize(gray, windows, tf.concat([slots[:, 0]] * views, axis=0), *self.size)
        characters = crops[..., None] if views == 1 else tf.stack(tf.split(crops, views), axis=-1)
        return tf.round(characters) if self.rounded else characters


class IntoSlots(keras.layers.Layer):
    """Puts what is known of used slots, float32 [M,...], into all of them, [B,N,...]; the others are 0.

    Input: the values, their places, `UsedSlots`' int64 [M,2], and the scores [B,N], for their shape.
    """

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        values, slots, scores = inputs
        shape = tf.concat([tf.shape(scores, slots.dtype), tf.constant(values.shape[1:].as_list(), slots.dtype)], axis=0)
        return tf.reshape(tf.scatter_nd(slots, values, shape), [-1, scores.shape[1], *values.shape[1:]])


def batched_head(classifier: keras.Model, characters: tf.Tensor, slots: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Classify the characters of all images, [M,h,w,V], in one call of one classifier: [B,N,K]."""
    return IntoSlots(name="head")([classifier(characters), slots, scores])


def multiflow_head(classifier: keras.Model, characters: tf.Tensor, slots: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Classify them, [M,h,w,V], in as many copies of the classifier as there are slots: [B,N,K]."""
    in_slots = IntoSlots(name="characters_in_slots")([characters, slots, scores])
    one_by_one = keras.layers.Lambda(lambda crops: tf.unstack(crops, axis=1), name="unstack")(in_slots)
    outputs = multiflow(classifier, scores.shape[1])(one_by_one)
    return keras.layers.Lambda(lambda flows: tf.stack(flows, axis=1), name="head")(outputs)


def multiflow(classifier: keras.Model, slots: int) -> keras.Model:
    """The article's head: N inputs [B,h,w,V], N outputs [B,K], and N copies of the classifier."""
    inputs = [keras.Input(classifier.input_shape[1:], name=f"character_{i}") for i in range(slots)]
    flows = []
    for i, character in enumerate(inputs):
        copy = keras.models.clone_model(classifier)
        copy.set_weights(classifier.get_weights())
        copy._name = f"flow_{i}"
        flows.append(copy(character))
    return keras.Model(inputs, flows, name="multiflow")


_HEADS = {"batched": batched_head, "multiflow": multiflow_head}
