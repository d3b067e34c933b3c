"""The two networks glued in Python: as compiled functions, and with `predict`.

Both classes read what the fused model reads, uint8 RGB [B,H,W,3], and return its texts. They crop each character as
often as `fuse.crop_shift` requires.
"""

import numpy as np
from PIL import Image

from platefuse.data.boxes import expand_box
from platefuse.fusion.graph import ConnectionLayer
from platefuse.fusion.multi_crop import crop_shifts, multi_crop
from platefuse.fusion.params import FuseParams
from platefuse.fusion.postprocess import Postprocess
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.resize import letterbox
from platefuse.networks.detection.retinanet import Detector, prediction_model

_UNBOUNDED = (1e6, 1e6)  # height and width of an image that clips no box


def prediction_model_of(detector: Detector, params: FuseParams) -> keras.Model:
    """The detector as a separate model, with the fused model's thresholds."""
    limits = params.score_threshold, params.nms_threshold, params.candidates
    return prediction_model(detector.model, detector.anchors, *limits)


class PythonPostprocess:
    """Turns boxes, scores and probabilities into texts, in Python.

    With rows, formats, transition costs or heights the fused model's own layer is used: these rules take more than
    three lines of Python.
    """

    def __init__(self, params: FuseParams, alphabet: str) -> None:
        self._params, self._alphabet = params, alphabet
        needs_layer = params.formats or params.transition_cost or params.objectness_threshold or params.min_height
        self._is_plain = params.reading_order == "left_to_right" and not needs_layer
        self._layer = tf.function(Postprocess(params, alphabet), reduce_retracing=True)

    def __call__(self, boxes: np.ndarray, scores: np.ndarray, probabilities: np.ndarray) -> list[str]:
        """Read texts.

        Args:
            boxes: float32 [B,N,4], x1,y1,x2,y2.
            scores: float32 [B,N], -1 in unused slots.
            probabilities: float32 [n,K], of the n used slots.
        """
        if self._is_plain:
            ends = np.cumsum((scores >= 0).sum(axis=1))[:-1]
            plates = zip(boxes, scores, np.split(probabilities, ends), strict=True)
            return [self._text(of_plate[valid >= 0], characters) for of_plate, valid, characters in plates]
        padded = np.full((*scores.shape, len(self._alphabet)), 1 / len(self._alphabet), np.float32)
        padded[scores >= 0] = probabilities
        geometry = np.tile(np.array([1, *_UNBOUNDED], np.float32), (len(boxes), 1))
        more = np.zeros(len(boxes), np.float32)  # a text that lacks characters is the same text
        ids = self._layer((boxes, scores, padded, more, geometry))["character_ids"].numpy()
        return ["".join(self._alphabet[i] for i in row if i >= 0) for row in ids]

    def _text(self, boxes: np.ndarray, probabilities: np.ndarray) -> str:
        kept = probabilities.max(axis=1, initial=0) >= self._params.character_threshold
        order = np.argsort(boxes[kept, 0] + boxes[kept, 2], kind="stable")
        return "".join(self._alphabet[i] for i in probabilities[kept].argmax(axis=1)[order])


class CompiledGlue:
    """Compiled functions that detect, crop and classify, with NumPy between them."""

    def __init__(
        self, predictor: keras.Model, classifier: keras.Model, params: FuseParams, postprocess: PythonPostprocess
    ) -> None:
        input_size = tuple(predictor.input_shape[1:3])
        size, shifts = classifier.input_shape[1:3], crop_shifts(params.crop_shift)
        classify = multi_crop(classifier, len(shifts))
        connection = ConnectionLayer(size, params.crop_margin, params.round, shifts)
        self._postprocess = postprocess

        def detect(images: tf.Tensor) -> tuple[tf.Tensor, ...]:
            letterboxed = letterbox(images, input_size)
            return letterboxed, *predictor(letterboxed)

        def crop(letterboxed: tf.Tensor, boxes: tf.Tensor, valid: tf.Tensor) -> tf.Tensor:
            return connection([letterboxed, boxes, valid])

        self._detect = tf.function(detect, [tf.TensorSpec([None, None, None, 3], tf.uint8)])
        self._crop = tf.function(
            crop,
            [
                tf.TensorSpec([None, *input_size, 3], tf.float32),
                tf.TensorSpec([None, None, 4], tf.float32),
                tf.TensorSpec([None, 2], tf.int64),
            ],
        )
        self._classify = tf.function(classify, [tf.TensorSpec([None, *classify.input_shape[1:]], tf.float32)])

    def __call__(self, images: np.ndarray) -> list[str]:
        letterboxed, *detections = self._detect(tf.constant(images))
        boxes, scores = (values.numpy() for values in detections)
        valid = np.argwhere(scores >= 0)
        if not len(valid):
            return [""] * len(images)
        crops = self._crop(letterboxed, boxes, valid)
        return self._postprocess(boxes, scores, self._classify(crops).numpy())


class PredictGlue:
    """`detector.predict`, crops with Pillow, and `classifier.predict`, for the whole batch."""

    def __init__(
        self, predictor: keras.Model, classifier: keras.Model, params: FuseParams, postprocess: PythonPostprocess
    ) -> None:
        self._predictor, self._params, self._postprocess = predictor, params, postprocess
        self._classifier = multi_crop(classifier, len(crop_shifts(params.crop_shift)))

    def __call__(self, images: np.ndarray) -> list[str]:
        letterboxed = [self._letterbox(Image.fromarray(image)) for image in images]
        inputs = np.stack([np.asarray(image, np.float32) for image in letterboxed])
        boxes, scores = self._predictor.predict(inputs, verbose=0)
        crops = [
            self._crops(gray, box)
            for gray, plate_boxes, plate_scores in zip(
                [image.convert("L") for image in letterboxed], boxes, scores, strict=True
            )
            for box in plate_boxes[plate_scores >= 0]
        ]
        if not crops:
            return [""] * len(images)
        return self._postprocess(boxes, scores, self._classifier.predict(np.stack(crops), verbose=0))

    def _letterbox(self, image: Image.Image) -> Image.Image:
        height, width = self._predictor.input_shape[1:3]
        if image.size == (width, height):
            return image
        scale = min(height / image.height, width / image.width)
        letterboxed = Image.new("RGB", (width, height))
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        letterboxed.paste(image.resize(size, Image.Resampling.BILINEAR))
        return letterboxed

    def _crops(self, gray: Image.Image, box: np.ndarray) -> np.ndarray:
        """Crops of one box, float32 [h,w,V]."""
        offset = np.array([1, 0, 1, 0]) * (box[2] - box[0])
        return np.stack([self._crop(gray, box + shift * offset) for shift in crop_shifts(self._params.crop_shift)], -1)

    def _crop(self, gray: Image.Image, box: np.ndarray) -> np.ndarray:
        left, top, right, bottom = box.tolist()
        x1, y1, x2, y2 = expand_box(left, top, right, bottom, self._params.crop_margin)
        left, top = min(max(x1, 0), gray.width - 1), min(max(y1, 0), gray.height - 1)
        window = (left, top, max(min(x2, gray.width), left + 1), max(min(y2, gray.height), top + 1))
        height, width = self._classifier.input_shape[1:3]
        crop = gray.resize((width, height), Image.Resampling.BILINEAR, box=window)
        values = np.asarray(crop, np.float32) / 255
        return values.round() if self._params.round else values
