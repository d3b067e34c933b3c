"""The detectors of characters and plates, built with keras-retinanet.

Both are RetinaNets (Lin et al., 2017).

Images are RGB as everywhere. If a backbone needs BGR, the model's first layer (`backbones.Preprocess`) converts them.
"""

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.networks.common.h5 import load_network, save_network
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.anchors import anchor_boxes, anchor_parameters
from platefuse.networks.detection.backbones import build_backbone, conv_bn
from platefuse.networks.detection.params import AnchorParams, DetectorParams

from keras_retinanet import initializers, layers  # isort: skip  # after keras2 chose Keras 2
from keras_retinanet.models import retinanet  # isort: skip

_CUSTOM_OBJECTS = {"PriorProbability": initializers.PriorProbability, "UpsampleLike": layers.UpsampleLike}


@dataclass(frozen=True, eq=False)
class Detector:
    """A RetinaNet, its anchors and its alphabet.

    Attributes:
        model: the training model (`build_detector`).
        anchors: the anchors it was trained with.
        alphabet: the character of each class; "" for one class for all characters, or for plates.
    """

    model: keras.Model
    anchors: AnchorParams
    alphabet: str

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width of the model's input in pixels."""
        height, width = self.model.input_shape[1:3]
        return height, width


def build_detector(params: DetectorParams, classes: int) -> keras.Model:
    """Build the training model.

    Args:
        params: input size, backbone, widths and anchors.
        classes: the number of classes.

    Returns:
        A model from letterboxed images, float32 RGB [B,h,w,3], 0..255, to `regression` [B,A,4] (anchor deltas) and
        `classification` [B,A,classes] (0..1), for A anchors.
    """
    images = keras.Input((*params.input_size, 3), name="images")
    features = build_backbone(images, params)
    anchors = len(params.anchors.ratios) * len(params.anchors.scales)
    return retinanet.retinanet(
        inputs=images,
        backbone_layers=features,
        num_classes=classes,
        num_anchors=anchors,
        create_pyramid_features=functools.partial(
            retinanet.__create_pyramid_features, feature_size=params.pyramid_width
        ),
        pyramid_levels=list(params.anchors.levels),
        submodels=[
            ("regression", _subnet("regression", params, anchors, 4)),
            ("classification", _subnet("classification", params, anchors, classes)),
        ],
    )


def _subnet(name: str, params: DetectorParams, anchors: int, values: int) -> keras.Model:
    """Build a subnet like keras-retinanet's, one seed per layer.

    The subnet may have any depth. keras-retinanet's subnets share one unseeded initialiser, which gives all layers the
    same initial weights.

    Normalised convolutions start from the weights of He et al., *Delving Deep into Rectifiers* (2015).
    """
    is_classification = name == "classification"
    prior = initializers.PriorProbability(probability=0.01) if is_classification else "zeros"
    inputs = outputs = keras.Input((None, None, params.pyramid_width))

    def seed_of(index: int) -> int:
        sequence = np.random.SeedSequence([params.seed, int(is_classification), index])
        return int(sequence.generate_state(1)[0] >> 1)

    def convolution(filters: int, index: int, **options: Any) -> keras.layers.Conv2D:
        normal = keras.initializers.RandomNormal(stddev=0.01, seed=seed_of(index))
        return keras.layers.Conv2D(filters, 3, padding="same", kernel_initializer=normal, **options)

    for index in range(params.head_depth):
        if params.normalises_heads():
            weights = keras.initializers.HeNormal(seed=seed_of(index))
            outputs = conv_bn(outputs, params.head_width, f"{name}_{index}", weights=weights)
        else:
            outputs = convolution(params.head_width, index, activation="relu", name=f"{name}_{index}")(outputs)
    outputs = convolution(anchors * values, params.head_depth, bias_initializer=prior, name=f"{name}_last")(outputs)
    outputs = keras.layers.Reshape((-1, values))(outputs)
    if is_classification:
        outputs = keras.layers.Activation("sigmoid", name="classification_sigmoid")(outputs)
    return keras.Model(inputs, outputs, name=f"{name}_submodel")


def at_input_size(detector: Detector, input_size: tuple[int, int]) -> Detector:
    """Copy a detector to another input size, with the same weights.

    The network has convolutions only, so it finds boxes of the same sizes in pixels.

    Args:
        detector: a detector of any input size.
        input_size: height and width in pixels, multiples of 32.

    Returns:
        The copy; its model has a name of its own, so that several copies may be in one graph.
    """
    height, width = input_size
    with keras.utils.custom_object_scope(_CUSTOM_OBJECTS):
        copy = keras.models.clone_model(detector.model, keras.Input((height, width, 3), name="images"))
    copy.set_weights(detector.model.get_weights())
    model = keras.Model(copy.inputs, copy.outputs, name=f"{detector.model.name}_{height}x{width}")
    return Detector(model, detector.anchors, detector.alphabet)


@keras.utils.register_keras_serializable("platefuse")
class ClipToInput(keras.layers.Layer):
    """Clips boxes [B,A,4] to the outer edges of the input (height, width).

    keras-retinanet's ClipBoxes clips at width - 1 and height - 1, one pixel short at the border.
    """

    def __init__(self, input_size: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_size = input_size

    def call(self, boxes: tf.Tensor) -> tf.Tensor:
        height, width = self.input_size
        return tf.clip_by_value(boxes, 0.0, tf.constant([width, height, width, height], tf.float32))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "input_size": self.input_size}


def prediction_model(
    detector: keras.Model,
    anchors: AnchorParams,
    score_threshold: float,
    nms_threshold: float,
    max_detections: int,
    class_scores: bool = False,
) -> keras.Model:
    """Convert a training model into one that predicts boxes.

    Args:
        detector: the training model.
        anchors: the anchors it was trained with.
        score_threshold: boxes must score above it, 0..1.
        nms_threshold: of two boxes with a larger IoU the lower-scoring one is dropped.
        max_detections: M, the most boxes to return.
        class_scores: whether to return class scores.

    Returns:
        A model from letterboxed images, float32 RGB [B,h,w,3], to `boxes` float32 [B,M,4], x1,y1,x2,y2 in their pixels,
        and `scores` float32 [B,M], highest first; with `class_scores` also to these, float32 [B,M,classes], 0..1. All
        are -1 in unused rows.
    """
    parameters = anchor_parameters(anchors)
    all_anchors = keras.layers.Concatenate(axis=1, name="anchors")(
        [
            layers.Anchors(size, stride, parameters.ratios, parameters.scales, name=f"anchors_P{level}")(
                detector.get_layer(f"P{level}").output
            )
            for level, size, stride in zip(anchors.levels, parameters.sizes, parameters.strides, strict=True)
        ]
    )
    regression, classification = detector.outputs
    boxes = layers.RegressBoxes(name="boxes")([all_anchors, regression])
    boxes = ClipToInput(tuple(detector.input_shape[1:3]), name="clipped_boxes")(boxes)
    per_class = [classification] if class_scores else []
    boxes, scores, _, *per_class = layers.FilterDetections(
        class_specific_filter=False,  # one box per character, whatever its class
        score_threshold=score_threshold,
        nms_threshold=nms_threshold,
        max_detections=max_detections,
        name="filtered_detections",
    )([boxes, classification, *per_class])
    return keras.Model(detector.inputs, [boxes, scores, *per_class], name="detector")


def save_detector(path: Path, detector: Detector) -> None:
    """Write a detector, its anchors and its alphabet as .h5."""
    save_network(path, detector.model, {"anchors": detector.anchors.model_dump_json(), "alphabet": detector.alphabet})


def load_detector(path: Path, stage: str = "train_detector") -> Detector:
    """Read a detector from .h5.

    Args:
        path: the file.
        stage: the stage that makes it, for errors.

    Raises:
        PlatefuseError: if the file is missing or not a detector; names the stage.
    """
    if not path.exists():
        raise PlatefuseError(f"{path} is missing: `dvc repro {stage}` makes it.")
    try:
        model, attributes = load_network(path, _CUSTOM_OBJECTS)
        anchors, alphabet = AnchorParams.model_validate(json.loads(attributes["anchors"])), str(attributes["alphabet"])
        shape = len(anchor_boxes(anchors, model.input_shape[1:3])), len(alphabet) or 1
        if [output[1:] for output in model.output_shape] != [(shape[0], 4), shape]:
            raise ValueError(f"its outputs are not those of {shape[0]} anchors and {shape[1]} classes")
        return Detector(model, anchors, alphabet)
    except Exception as error:  # a damaged file raises nearly anything
        raise PlatefuseError(
            f"{path} cannot be read as a detector ({error}): `dvc repro -f {stage}` remakes it."
        ) from None
