"""Plate detector and plate reader in one graph, from photographs to texts.

    photographs ─> letterbox ─> plate detector ─> refinement ─> crops ─> plate reader ─> choice ─> plates, texts

The plate detector's boxes are cut out and given on, as the character detector's are. They are cut from the photograph
itself, and reach the plate reader as plates do that come alone.
"""

from dataclasses import dataclass, replace
from typing import Any

from platefuse.fusion.batch_norm import fold_batch_normalisation
from platefuse.fusion.graph import FusedModel, NonEmptyBatch, ScatterToSlots
from platefuse.fusion.nms import BoxDecoder, NonMaxSuppression
from platefuse.fusion.photographs.choice import ChoosePlates
from platefuse.fusion.photographs.crops import expand_boxes, letterboxed_crops, pixel_windows
from platefuse.fusion.photographs.letterbox import letterbox_in_strips
from platefuse.fusion.photographs.params import PhotographFuseParams
from platefuse.fusion.photographs.refinement import BestBox, RefinementWindow
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.anchors import anchor_boxes
from platefuse.networks.detection.resize import letterbox_scale
from platefuse.networks.detection.retinanet import Detector, at_input_size


@dataclass(frozen=True, eq=False)
class FusedPhotographModel:
    """A plate detector and a plate reader as one network.

    Attributes:
        model: from `images`, uint8 RGB [B,H,W,3] of any size, to the signatures' outputs without `texts`.
        alphabet: every character, in the order of the ids.
    """

    model: keras.Model
    alphabet: str


def fuse_photographs(detector: Detector, reader: FusedModel, params: PhotographFuseParams) -> FusedPhotographModel:
    """Build the fused model for photographs.

    Args:
        detector: finds plates.
        reader: reads single plates.
        params: sizes, thresholds and margins.
    """
    photographs = keras.Input((None, None, 3), dtype=tf.uint8, name="images")
    detector = replace(detector, model=fold_batch_normalisation(detector.model))
    boxes, scores = _merge([_look(detector, params, size, photographs) for size in params.input_sizes], params)
    if params.refined_size:
        boxes, scores = _refine(detector, params, photographs, boxes, scores)

    valid = ValidCandidates(name="valid_plates")([scores, photographs])
    margin = keras.layers.Lambda(lambda plates: expand_boxes(plates, params.plate_margin), name="plate_margin")
    windows = margin(GatherSlots(name="plates")([boxes, valid]))
    crops, geometry, windows = CutLetterboxed(reader.input_size, name="plate_crops")([photographs, windows, valid])
    read = reader.on_letterboxed([crops, geometry])
    read["boxes"] = FromWindow(name="characters_in_photograph")([read["boxes"], windows])
    read["truncated"] = keras.layers.Lambda(lambda values: tf.cast(values, tf.int32), name="truncated")(
        read["truncated"]  # runtimes scatter numbers
    )
    in_slots = {name: ScatterToSlots(name=f"{name}_in_slots")([values, valid, scores]) for name, values in read.items()}
    outputs = ChoosePlates(params, name="choose_plates")([boxes, scores, in_slots, photographs])
    model = keras.Model(photographs, outputs, name="fused_photographs")
    return FusedPhotographModel(model, reader.alphabet)


def _look(
    detector: Detector, params: PhotographFuseParams, size: tuple[int, int], photographs: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Detect plates at one size.

    Returns:
        Boxes [B,C,4], x1,y1,x2,y2 in pixels of the photographs, and scores [B,C], -1 in unused slots.
    """
    name = "x".join(map(str, size))
    letterboxed = LetterboxPhotographs(size, name=f"letterbox_{name}")(photographs)
    decoded, class_scores = _boxes_at(detector, size, f"plate_detector_{name}")(letterboxed)
    suppress = NonMaxSuppression(
        params.candidates, params.score_threshold, params.nms_threshold, name=f"non_max_suppression_{name}"
    )
    boxes, scores, *_ = suppress([decoded, class_scores])
    return InPhotograph(size, name=f"in_photograph_{name}")([boxes, scores, photographs])


def _merge(looks: list[tuple[tf.Tensor, tf.Tensor]], params: PhotographFuseParams) -> tuple[tf.Tensor, tf.Tensor]:
    """Merge the boxes found at several sizes by non-maximum suppression."""
    if len(looks) == 1:
        return looks[0]
    boxes, scores = (keras.layers.Concatenate(axis=1)(list(values)) for values in zip(*looks, strict=True))
    suppress = NonMaxSuppression(
        params.candidates, params.score_threshold, params.nms_threshold, name="non_max_suppression"
    )
    boxes, scores, *_ = suppress([boxes, keras.layers.Reshape((-1, 1), name="merged_scores")(scores)])
    return boxes, scores


def _refine(
    detector: Detector, params: PhotographFuseParams, photographs: tf.Tensor, boxes: tf.Tensor, scores: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Refine candidates' boxes [B,C,4] and scores [B,C].

    Each further look replaces them, as in iterative localisation (Gidaris and Komodakis, arXiv 1511.07763).
    Non-maximum suppression then drops boxes that have become duplicates.
    """
    height, width = params.refined_size
    detect = _boxes_at(detector, (height, width), "plate_detector_again")
    for index in range(params.refinements):
        boxes, scores = _look_again(detect, params, photographs, boxes, scores, f"_{index}")
    return boxes, scores


def _look_again(
    detect: keras.Model,
    params: PhotographFuseParams,
    photographs: tf.Tensor,
    boxes: tf.Tensor,
    scores: tf.Tensor,
    suffix: str,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Replace boxes [B,C,4] and scores [B,C] by those of another look.

    Each box's surroundings are looked at.
    """
    height, width = params.refined_size
    size = height, width
    valid = ValidCandidates(name=f"valid_candidates{suffix}")([scores, photographs])
    candidates = GatherSlots(name=f"candidates{suffix}")([boxes, valid])
    windows = RefinementWindow(size, params.refined_context, name=f"refinement_windows{suffix}")(candidates)
    crops, geometry, windows = CutLetterboxed(size, name=f"refinement_crops{suffix}")([photographs, windows, valid])
    decoded, class_scores = detect(NonEmptyBatch(name=f"non_empty_refinement{suffix}")(crops))
    refined, refined_scores = BestBox(params.refined_threshold, name=f"best_boxes{suffix}")(
        [decoded, class_scores, windows, geometry, candidates]
    )
    boxes = ScatterToSlots(name=f"refined_boxes{suffix}")([refined, valid, scores])
    scores = ScatterScores(name=f"refined_scores{suffix}")([refined_scores, valid, scores])
    suppress = NonMaxSuppression(
        params.candidates, params.refined_threshold, params.nms_threshold, name=f"refined_non_max_suppression{suffix}"
    )
    boxes, scores, *_ = suppress([boxes, scores])
    return boxes, scores


def _boxes_at(detector: Detector, size: tuple[int, int], name: str) -> keras.Model:
    """Build the detector for an input size.

    Returns:
        A model from letterboxed images, float32 RGB [B,h,w,3], to boxes [B,A,4], x1,y1,x2,y2 in their pixels, and class
        scores [B,A,1].
    """
    images = keras.Input((*size, 3), name=f"{name}_images")
    detect = at_input_size(detector, size).model
    _share_variables(detect, detector.model)
    deltas, class_scores = detect(images)
    boxes = BoxDecoder(anchor_boxes(detector.anchors, size), size, name=f"{name}_boxes")(deltas)
    return keras.Model(images, [boxes, class_scores], name=name)


def _share_variables(model: keras.Model, original: keras.Model) -> None:
    """Let a copy of a network use the variables of the original.

    A file of the fused model then holds them once.
    """
    for layer, like in zip(model.layers, original.layers, strict=True):
        if isinstance(layer, keras.Model):
            _share_variables(layer, like)
        elif isinstance(layer, keras.layers.Conv2D):
            layer.kernel, layer.bias = like.kernel, like.bias


class LetterboxPhotographs(keras.layers.Layer):
    """Letterboxes photographs, uint8 [B,H,W,3] to float32 [B,h,w,3].

    An empty batch becomes one black image.
    """

    def __init__(self, input_size: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_size = input_size
        self.non_empty_batch = NonEmptyBatch(name="non_empty_batch")

    def call(self, photographs: tf.Tensor) -> tf.Tensor:
        return self.non_empty_batch(letterbox_in_strips(photographs, self.input_size))


class InPhotograph(keras.layers.Layer):
    """Maps boxes [B,C,4] to pixels of the photographs, and clips them.

    Input: the boxes in pixels of the letterboxed photographs; their scores [B,C], -1 in unused slots; and the
    photographs. Output: boxes and scores. The score becomes -1 if a box is less than a pixel wide or high.
    """

    def __init__(self, input_size: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_size = input_size

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        boxes, scores, photographs = inputs
        height, width = tf.unstack(tf.shape(photographs))[1:3]
        limits = tf.cast(tf.stack([width, height, width, height]), tf.float32)
        boxes = tf.clip_by_value(boxes / letterbox_scale(height, width, self.input_size), 0.0, limits)
        sides = tf.reduce_min(boxes[..., 2:] - boxes[..., :2], axis=-1)
        return boxes, tf.where(sides >= 1, scores, -1.0)


class ValidCandidates(keras.layers.Layer):
    """Lists the photograph and slot of each candidate, int64 [M,2].

    Input: scores [C,N], -1 in unused slots, and photographs [B,H,W,3]; C is B, or 1 if B is 0. If no photograph has a
    candidate, the first slot is listed, since some runtimes reject empty batches. Without photographs none is listed.
    """

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        scores, photographs = inputs
        used = tf.cast(scores >= 0, tf.int32)
        rows, slots = tf.shape(scores)[0], scores.shape[1]
        first = tf.cast(tf.reshape(tf.range(rows * slots), [rows, slots]) == 0, tf.int32)
        listed = tf.maximum(used, first * (1 - tf.reduce_max(used)))
        exists = tf.expand_dims(tf.range(rows) < tf.shape(photographs)[0], 1)
        return tf.where((listed > 0) & exists)


class GatherSlots(keras.layers.Layer):
    """Gathers the values [M,...] of listed slots from [B,N,...]."""

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        values, valid = inputs
        return tf.gather_nd(values, valid)


class ScatterScores(keras.layers.Layer):
    """Scatters scores of candidates [M] to class scores [B,N,1].

    Input: the scores [M], -1 for none; their indices, int64 [M,2]; and the candidates' former scores [B,N]. Other
    slots are -1.
    """

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        scores, valid, former = inputs
        scattered = tf.scatter_nd(valid, scores + 1, tf.shape(former, valid.dtype)) - 1
        return tf.expand_dims(tf.where(former >= 0, scattered, -1.0), 2)


class CutLetterboxed(keras.layers.Layer):
    """Cuts windows out of photographs, and letterboxes them.

    Input: photographs uint8 [B,H,W,3]; windows float32 [M,4], x1,y1,x2,y2 in pixels, which may reach beyond; and the
    indices, int64 [M,2], the first column the photograph. Output: crops float32 [M,h,w,3], 0..255; geometry [M,3]; and
    the windows in whole pixels within the photograph [M,4].
    """

    def __init__(self, input_size: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_size = input_size

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        photographs, windows, valid = inputs
        _, height, width, _ = tf.unstack(tf.shape(photographs))
        windows = pixel_windows(windows, height, width)
        return *letterboxed_crops(photographs, windows, valid[:, 0], self.input_size), windows


class FromWindow(keras.layers.Layer):
    """Moves boxes [M,N,4] from pixels of windows to pixels of photographs.

    Input: the boxes, and the windows [M,4]. Empty boxes stay 0.
    """

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        boxes, windows = inputs
        moved = boxes + tf.tile(tf.expand_dims(windows[:, :2], 1), [1, 1, 2])
        return tf.where(tf.reduce_max(boxes, axis=2, keepdims=True) > 0, moved, 0.0)
