"""The two models without fusion, glued in Python: as compiled functions, and as most people write it.

Both take what the fused model takes, uint8 RGB [B,H,W,3], and give its texts. Their classifier is that of one view;
they show it as many as `fuse.crop_shift` asks for.
"""

import numpy as np
from PIL import Image

from platefuse.data.boxes import expand_box
from platefuse.fusion.graph import ConnectionLayer
from platefuse.fusion.multi_crop import crop_shifts, multi_crop
from platefuse.fusion.params import FuseParams
from platefuse.fusion.postprocess import Postprocess
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.params import AnchorParams
from platefuse.networks.detection.resize import letterbox
from platefuse.networks.detection.retinanet import prediction_model

_UNBOUNDED = (1e6, 1e6)  # an image's height and width that clip no box


def predictor_of(detector: keras.Model, anchors: AnchorParams, params: FuseParams) -> keras.Model:
    """The detector as a model of its own that gives boxes and scores, with the fused model's thresholds and slots."""
    return prediction_model(detector, anchors, params.score_threshold, params.nms_threshold, params.max_characters)


class PythonReadOut:
    """Texts out of boxes, scores and opinions, in Python.

    Plates read by rows, formats or heights go through the fused model's own layer: nobody writes that in three lines.
    """

    def __init__(self, params: FuseParams, alphabet: str) -> None:
        self._params, self._alphabet = params, alphabet
        by_layer = params.formats or params.transition_cost or params.objectness_threshold or params.min_height
        self._is_plain = params.reading_order == "left_to_right" and not by_layer
        self._layer = tf.function(Postprocess(params, alphabet), reduce_retracing=True)

    def __call__(self, boxes: np.ndarray, scores: np.ndarray, opinions: np.ndarray) -> list[str]:
        """Texts of boxes [B,N,4], scores [B,N] (unused slots -1) and the opinions [n,K] on the n used ones."""
        if self._is_plain:
            ends = np.cumsum((scores >= 0).sum(axis=1))[:-1]
            plates = zip(boxes, scores, np.split(opinions, ends), strict=True)
            return [self._text(box[score >= 0], opinion) for box, score, opinion in plates]
        padded = np.full((*scores.shape, len(self._alphabet)), 1 / len(self._alphabet), np.float32)
        padded[scores >= 0] = opinions
        geometry = np.tile(np.array([1, *_UNBOUNDED], np.float32), (len(boxes), 1))  # gaps count
        ids = self._layer((boxes, scores, padded, geometry))["character_ids"].numpy()
        return ["".join(self._alphabet[i] for i in row if i >= 0) for row in ids]

    def _text(self, boxes: np.ndarray, opinions: np.ndarray) -> str:
        kept = opinions.max(axis=1, initial=0) >= self._params.character_threshold
        order = np.argsort(boxes[kept, 0] + boxes[kept, 2], kind="stable")
        return "".join(self._alphabet[i] for i in opinions[kept].argmax(axis=1)[order])


class CompiledGlue:
    """Compiled functions that detect, crop and classify; NumPy between them drops what is empty."""

    def __init__(
        self, predictor: keras.Model, classifier: keras.Model, params: FuseParams, postprocess: PythonReadOut
    ) -> None:
        canvas = tuple(predictor.input_shape[1:3])
        size, shifts = classifier.input_shape[1:3], crop_shifts(params.crop_shift)
        on_views = multi_crop(classifier, len(shifts))
        connection = ConnectionLayer(size, params.crop_margin, params.round, shifts)
        self._read_out = postprocess

        def detect(images: tf.Tensor) -> tuple[tf.Tensor, ...]:
            scaled = letterbox(images, canvas)
            return scaled, *predictor(scaled)

        def crop(scaled: tf.Tensor, boxes: tf.Tensor, slots: tf.Tensor) -> tf.Tensor:
            return connection([scaled, boxes, slots])

        self._detect = tf.function(detect, [tf.TensorSpec([None, None, None, 3], tf.uint8)])
        self._crop = tf.function(
            crop,
            [
                tf.TensorSpec([None, *canvas, 3], tf.float32),
                tf.TensorSpec([None, None, 4], tf.float32),
                tf.TensorSpec([None, 2], tf.int64),
            ],
        )
        self._classify = tf.function(on_views, [tf.TensorSpec([None, *on_views.input_shape[1:]], tf.float32)])

    def __call__(self, images: np.ndarray) -> list[str]:
        scaled, *found = self._detect(tf.constant(images))
        boxes, scores = (values.numpy() for values in found)
        slots = np.argwhere(scores >= 0)
        if not len(slots):
            return [""] * len(images)
        crops = self._crop(scaled, boxes, slots)
        return self._read_out(boxes, scores, self._classify(crops).numpy())


class PredictGlue:
    """`detector.predict`, Pillow's crops, `classifier.predict`: one call of each for the whole batch."""

    def __init__(
        self, predictor: keras.Model, classifier: keras.Model, params: FuseParams, postprocess: PythonReadOut
    ) -> None:
        self._predictor, self._params, self._read_out = predictor, params, postprocess
        self._classifier = multi_crop(classifier, len(crop_shifts(params.crop_shift)))

    def __call__(self, images: np.ndarray) -> list[str]:
        canvases = [self._on_canvas(Image.fromarray(image)) for image in images]
        inputs = np.stack([np.asarray(canvas, np.float32) for canvas in canvases])
        boxes, scores = self._predictor.predict(inputs, verbose=0)
        crops = [
            self._crops(gray, box)
            for gray, plate_boxes, plate_scores in zip([c.convert("L") for c in canvases], boxes, scores, strict=True)
            for box in plate_boxes[plate_scores >= 0]
        ]
        if not crops:
            return [""] * len(images)
        return self._read_out(boxes, scores, self._classifier.predict(np.stack(crops), verbose=0))

    def _on_canvas(self, image: Image.Image) -> Image.Image:
        height, width = self._predictor.input_shape[1:3]
        if image.size == (width, height):
            return image
        scale = min(height / image.height, width / image.width)
        canvas = Image.new("RGB", (width, height))
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        canvas.paste(image.resize(size, Image.Resampling.BILINEAR))
        return canvas

    def _crops(self, gray: Image.Image, box: np.ndarray) -> np.ndarray:
        """The views of one box, float32 [h,w,V]."""
        along = np.array([1, 0, 1, 0]) * (box[2] - box[0])
        return np.stack([self._crop(gray, box + shift * along) for shift in crop_shifts(self._params.crop_shift)], -1)

    def _crop(self, gray: Image.Image, box: np.ndarray) -> np.ndarray:
        left, top, right, bottom = box.tolist()
        x1, y1, x2, y2 = expand_box(left, top, right, bottom, self._params.crop_margin)
        left, top = min(max(x1, 0), gray.width - 1), min(max(y1, 0), gray.height - 1)
        window = (left, top, max(min(x2, gray.width), left + 1), max(min(y2, gray.height), top + 1))
        height, width = self._classifier.input_shape[1:3]
        crop = gray.resize((width, height), Image.Resampling.BILINEAR, box=window)
        values = np.asarray(crop, np.float32) / 255
        return values.round() if self._params.round else values
