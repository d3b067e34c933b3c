"""Detector and classifier in one graph, from pixels to text.

    images ─> letterbox ─> detector ─> connection layer ─> head ─> postprocess ─> boxes, characters, text

The design follows the article *Combining Models (RetinaNet + Multiple Character Recognition) for License Plate
Recognition*: its connection layer turns the detector's boxes into crops, and its multi-flow head is N copies of the
classifier. The default head does the same in one call. Everything between pixels and character ids is one Keras
functional model.
"""

from dataclasses import dataclass
from typing import Any

from platefuse.core.errors import PlatefuseError
from platefuse.data.boxes import expand_box
from platefuse.fusion.batch_norm import fold_batch_normalisation
from platefuse.fusion.confidence import ProductOfExperts
from platefuse.fusion.decoding.formats import check_formats
from platefuse.fusion.multi_crop import crop_shifts, multi_crop, shift_boxes
from platefuse.fusion.nms import BoxDecoder, NonMaxSuppression
from platefuse.fusion.params import FuseParams
from platefuse.fusion.polarity import InkContrast
from platefuse.fusion.postprocess import Postprocess
from platefuse.fusion.second_reading import SecondReading
from platefuse.networks.classification.model import Classifier
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.anchors import anchor_boxes
from platefuse.networks.detection.resize import crop_and_resize, letterbox, letterbox_geometry
from platefuse.networks.detection.retinanet import Detector


@dataclass(frozen=True, eq=False)
class FusedModel:
    """A detector and a classifier as one network.

    Attributes:
        model: from `images`, uint8 RGB [B,H,W,3] of any size, to the signatures' outputs without `text`.
        on_letterboxed: the same network without its first layer: from `letterboxed`, float32 RGB [B,h,w,3], 0..255,
            and `geometry`, float32 [B,3] (the scale, and the images' height and width), to the same outputs. Code
            that letterboxes images itself, such as a decoder of image files, starts here.
        network: the part of it that finds and names characters: from `letterboxed` to boxes, scores and probabilities.
        alphabet: every character, in the order of the ids.
    """

    model: keras.Model
    on_letterboxed: keras.Model
    network: keras.Model
    alphabet: str

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width in pixels that images are letterboxed to."""
        height, width = self.on_letterboxed.input_shape[0][1:3]
        return height, width


def fuse(detector: Detector, classifier: Classifier, params: FuseParams) -> FusedModel:
    """Build the fused model.

    Args:
        detector: finds characters.
        classifier: names single characters.
        params: thresholds, head, reading order, formats and a fitted temperature.

    Raises:
        PlatefuseError: if the alphabet cannot fill a format, `detector_class_weight` is set and the detector has
            another alphabet, or the temperature is still to be fitted.
    """
    if params.temperature == "fit":
        raise PlatefuseError("fuse.temperature = 'fit' is no number yet: fit it on plates, or set a number above 0.")
    alphabet = classifier.alphabet
    check_formats(params.formats, alphabet)
    if params.detector_class_weight:
        _check_detector_alphabet(detector.alphabet, alphabet, params.detector_class_weight)
    network = _letterboxed_to_characters(detector, classifier, params)
    letterboxed = keras.Input((*detector.input_size, 3), name="letterboxed")
    geometry = keras.Input((3,), name="geometry")
    never_empty = NonEmptyBatch(name="non_empty_batch")(letterboxed)
    if params.reads_twice:
        second = SecondReading(network, params.polarity, params.deskew, name="second_reading")
        read = second([never_empty, NonEmptyBatch(name="non_empty_geometry")(geometry)])
    else:
        *read, _ = network(never_empty)
    outputs = Postprocess(params, alphabet, name="postprocess")([*read, geometry])
    on_letterboxed = keras.Model([letterboxed, geometry], outputs, name="fused_on_letterboxed")
    images = keras.Input((None, None, 3), dtype=tf.uint8, name="images")
    model = keras.Model(images, on_letterboxed(Letterbox(detector.input_size, name="letterbox")(images)), name="fused")
    return FusedModel(model, on_letterboxed, network, alphabet)


def _letterboxed_to_characters(detector: Detector, classifier: Classifier, params: FuseParams) -> keras.Model:
    """Build the network from letterboxed images to boxes and probabilities.

    It maps float32 [B,h,w,3], at least one image, to boxes [B,N,4], scores [B,N], both -1 in unused slots,
    probabilities [B,N,K], whether there are more boxes [B], 1 or 0, and ink contrast [B]. N is `candidates`.
    """
    detect, classify = fold_batch_normalisation(detector.model), fold_batch_normalisation(classifier.model)
    input_size = detector.input_size
    images = keras.Input((*input_size, 3), name="detector_images")
    deltas, class_scores = detect(images)
    decoded = BoxDecoder(anchor_boxes(detector.anchors, input_size), input_size, name="box_decoder")(deltas)
    boxes, scores, class_scores, more = NonMaxSuppression(
        params.candidates, params.score_threshold, params.nms_threshold, name="non_max_suppression"
    )([decoded, class_scores])
    valid = ValidDetections(name="valid_detections")(scores)
    shifts = crop_shifts(params.crop_shift)
    size = classify.input_shape[1:3]
    connection = ConnectionLayer(size, params.crop_margin, params.round, shifts, name="connection")
    characters = connection([images, boxes, valid])
    probabilities = _HEADS[params.head](multi_crop(classify, len(shifts)), characters, valid, scores)
    if params.detector_class_weight:
        experts = ProductOfExperts(params.detector_class_weight, name="product_of_experts")
        probabilities = experts([probabilities, class_scores])
    contrast = InkContrast(params.crop_margin, name="ink_contrast")([characters, valid, scores])
    return keras.Model(images, [boxes, scores, probabilities, more, contrast], name="letterboxed_to_characters")


def _check_detector_alphabet(detector_alphabet: str, alphabet: str, weight: float) -> None:
    name = f"fuse.detector_class_weight = {weight}"
    if not detector_alphabet:
        raise PlatefuseError(
            f"{name}: the detector names no characters; train it with detector.classes character, or set 0."
        )
    if detector_alphabet != alphabet:
        raise PlatefuseError(
            f"{name}: the detector names the characters {detector_alphabet!r} and the classifier {alphabet!r}; "
            "train both on the same data, or set 0."
        )


_RED, _GREEN, _BLUE = 0.2989, 0.5870, 0.1140  # luma weights of ITU-R BT.601, as tf.image.rgb_to_grayscale's


class Letterbox(keras.layers.Layer):
    """Letterboxes images [B,H,W,3] to [B,h,w,3], and returns their geometry [B,3].

    The geometry is the scale, and the images' height and width in pixels.
    """

    def __init__(self, input_size: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_size = input_size

    def call(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch, height, width, _ = tf.unstack(tf.shape(images))
        geometry = letterbox_geometry(height, width, self.input_size)
        return letterbox(images, self.input_size), tf.tile(geometry[None], [batch, 1])


class NonEmptyBatch(keras.layers.Layer):
    """Replaces an empty batch by one black image.

    oneDNN's convolutions reject empty batches.
    """

    def call(self, images: tf.Tensor) -> tf.Tensor:
        batch = tf.shape(images)[0]
        # `batch` is 0 there. Exporters would store an image whose whole shape is known, megabytes of zeros.
        some = tf.cond(batch > 0, lambda: images, lambda: tf.zeros([1 - batch, *images.shape[1:]]))
        # Restores the static shape that tf.cond loses. LiteRT lacks tf.ensure_shape.
        return tf.reshape(some, [-1, *images.shape[1:]])


class ValidDetections(keras.layers.Layer):
    """Lists the image and slot of valid detections, int64 [M,2].

    Input: scores [B,N], -1 in unused slots. If no image has a box, all slots are listed, since oneDNN's convolutions
    reject empty batches.
    """

    def call(self, scores: tf.Tensor) -> tf.Tensor:
        return tf.where(scores >= tf.minimum(tf.reduce_max(scores), 0.0))


class ConnectionLayer(keras.layers.Layer):
    """Crops the detector's boxes for the classifier.

    Boxes are expanded by `margin` and cropped at each of V `shifts` (to the right, in box widths). Crops are gray and
    0..1, or 0 and 1 with `rounded`. Input: letterboxed images, float32 RGB [B,h,w,3], 0..255; boxes, float32 [B,N,4],
    x1,y1,x2,y2 in their pixels; and the indices of the boxes to crop, the int64 [M,2] of `ValidDetections`. Output:
    float32 [M,crop height,crop width,V].
    """

    def __init__(
        self, size: tuple[int, int], margin: float, rounded: bool, shifts: tuple[float, ...] = (0.0,), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.margin, self.rounded, self.shifts = size, margin, rounded, shifts

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        images, boxes, valid = inputs
        red, green, blue = images[..., 0], images[..., 1], images[..., 2]
        gray = _RED / 255 * red + _GREEN / 255 * green + _BLUE / 255 * blue
        shifted = shift_boxes(tf.gather_nd(boxes, valid), self.shifts)
        if self.margin:
            x1, y1, x2, y2 = tf.unstack(shifted, axis=-1)
            shifted = tf.stack(expand_box(x1, y1, x2, y2, self.margin), axis=-1)
        count = len(self.shifts)
        crops = crop_and_resize(gray, shifted, tf.concat([valid[:, 0]] * count, axis=0), *self.size)
        characters = crops[..., None] if count == 1 else tf.stack(tf.split(crops, count), axis=-1)
        return tf.round(characters) if self.rounded else characters


class ScatterToSlots(keras.layers.Layer):
    """Scatters values of valid detections to all slots, [B,N,...]; others are 0.

    Input: the values [M,...]; their indices, the int64 [M,2] of `ValidDetections`; and the scores [B,N], for the shape.
    """

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        values, valid, scores = inputs
        shape = tf.concat([tf.shape(scores, valid.dtype), tf.constant(values.shape[1:].as_list(), valid.dtype)], axis=0)
        return tf.reshape(tf.scatter_nd(valid, values, shape), [-1, scores.shape[1], *values.shape[1:]])


def batched_head(classifier: keras.Model, characters: tf.Tensor, valid: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Classify all characters, [M,h,w,V], in one call of one classifier: [B,N,K]."""
    return ScatterToSlots(name="head")([classifier(characters), valid, scores])


def multiflow_head(classifier: keras.Model, characters: tf.Tensor, valid: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Classify characters, [M,h,w,V], with one copy of the classifier per slot: [B,N,K]."""
    in_slots = ScatterToSlots(name="characters_in_slots")([characters, valid, scores])
    unstacked = keras.layers.Lambda(lambda crops: tf.unstack(crops, axis=1), name="unstack")(in_slots)
    outputs = multiflow(classifier, scores.shape[1])(unstacked)
    return keras.layers.Lambda(lambda flows: tf.stack(flows, axis=1), name="head")(outputs)


def multiflow(classifier: keras.Model, max_characters: int) -> keras.Model:
    """Build the article's head, N copies of the classifier.

    It maps N times [B,h,w,V] to [B,K].
    """
    inputs = [keras.Input(classifier.input_shape[1:], name=f"character_{i}") for i in range(max_characters)]
    flows = []
    for i, character in enumerate(inputs):
        copy = keras.models.clone_model(classifier)
        copy.set_weights(classifier.get_weights())
        copy._name = f"flow_{i}"
        flows.append(copy(character))
    return keras.Model(inputs, flows, name="multiflow")


_HEADS = {"batched": batched_head, "multiflow": multiflow_head}
