"""Backbones of the detector: slim for small images, and networks of Keras."""

from collections.abc import Callable

from platefuse.core.errors import PlatefuseError
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.params import DetectorParams

_LEVELS = ("C2", "C3", "C4", "C5")
# Class in keras.applications, output layers of C2 to C5 (strides 4, 8, 16, 32), and preprocessing in training:
# "caffe" is BGR minus ImageNet's mean, "unit" is -1..1.
_APPLICATIONS: dict[str, tuple[str, tuple[str, str, str, str], str]] = {
    "resnet50": ("ResNet50", ("conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out"), "caffe"),
    "resnet101": (
        "ResNet101",
        ("conv2_block3_out", "conv3_block4_out", "conv4_block23_out", "conv5_block3_out"),
        "caffe",
    ),
    "vgg16": ("VGG16", ("block2_pool", "block3_pool", "block4_pool", "block5_pool"), "caffe"),
    "mobilenet": ("MobileNet", ("conv_pw_3_relu", "conv_pw_5_relu", "conv_pw_11_relu", "conv_pw_13_relu"), "unit"),
}
_IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)  # Caffe's, as keras-retinanet's preprocess_image subtracts it
# Keras' default of 0.99 is too slow for trainings of a few hundred steps.
BATCH_NORMALISATION_MOMENTUM = 0.9
_CELL, _CELLS = 8, 5  # a neighbourhood is 5 x 5 cells of 8 x 8 pixels, about a character's height
_MIN_DEVIATION = 4.0  # standard deviation, of 255; weaker contrast is noise and is not amplified
# oneDNN's gradient of a strided 1x1 convolution writes out of bounds if there are fewer channels than it processes at
# once, 8 with AVX2 and 16 with AVX-512. Every few calls the sum was wrong, and some calls crashed the process.
# https://github.com/uxlfoundation/oneDNN/issues/6035
_MIN_STRIDED_CHANNELS = 16


@keras.utils.register_keras_serializable("platefuse")
class Preprocess(keras.layers.Layer):
    """Converts RGB 0..255 to a backbone's input.

    Modes: `caffe` (BGR minus ImageNet's mean), `unit` (-1..1) and `local` (`local_contrast`).
    """

    def __init__(self, mode: str, **kwargs: object) -> None:
        if mode not in ("caffe", "unit", "local"):
            raise ValueError(f"unknown preprocessing mode {mode!r}: expected caffe, unit or local")
        super().__init__(**kwargs)
        self.mode = mode

    def call(self, images: tf.Tensor) -> tf.Tensor:
        if self.mode == "caffe":
            return images[..., ::-1] - tf.constant(_IMAGENET_MEAN_BGR)
        if self.mode == "local":
            return local_contrast(images)
        return images / 127.5 - 1.0

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "mode": self.mode}


def local_contrast(images: tf.Tensor) -> tf.Tensor:
    """Normalise local contrast: subtract the neighbourhood's mean, divide by its deviation.

    This is the divisive normalisation of Jarrett et al., *What is the Best Multi-Stage Architecture for Object
    Recognition?* (2009), with interpolated means over squares. Black columns at the right edge and black rows at the
    bottom edge are letterbox padding: they do not count and stay 0.

    Args:
        images: float32 RGB [B,H,W,3], 0..255, H and W multiples of 8 and known when the graph is built.

    Returns:
        float32 RGB [B,H,W,3]; gray values have a standard deviation of about 1/2.
    """
    gray = tf.reduce_mean(images, axis=-1, keepdims=True)
    inside = _image_mask(gray)
    cells = tf.nn.avg_pool2d(tf.concat([gray, tf.square(gray), inside], axis=-1), _CELL, _CELL, "VALID")
    gray_sum, square_sum, share = tf.split(tf.nn.avg_pool2d(cells, _CELLS, 1, "SAME"), 3, axis=-1)
    share = tf.maximum(share, 1e-3)
    mean = gray_sum / share
    deviation = tf.sqrt(tf.maximum(square_sum / share - tf.square(mean), 0.0))
    statistics = tf.image.resize(tf.concat([mean, 0.5 / (deviation + _MIN_DEVIATION)], axis=-1), images.shape[1:3])
    return (images - statistics[..., :1]) * (statistics[..., 1:] * inside)


def _image_mask(gray: tf.Tensor) -> tf.Tensor:
    """Mask of the image within its letterbox padding: float32 [B,H,W,1].

    1 in the image, 0 in the padding.
    """
    lit = tf.cast(gray > 0, tf.float32)
    rows, columns = (tf.reduce_max(lit, axis=axis, keepdims=True) for axis in (2, 1))
    down, across = (tf.minimum(tf.cumsum(some, axis, reverse=True), 1.0) for some, axis in ((rows, 1), (columns, 2)))
    return down * across


def build_backbone(images: tf.Tensor, params: DetectorParams) -> dict[str, tf.Tensor]:
    """Build a backbone on an input.

    Args:
        images: the model's input, float32 RGB [B,H,W,3], 0..255.
        params: `backbone`, its initial `weights`, the slim network's `backbone_width`, and `contrast`: `local` is
            `local_contrast` instead of the network's usual preprocessing.

    Returns:
        C2, C3, C4 and C5: features at strides 4, 8, 16 and 32.

    Raises:
        PlatefuseError: if the ImageNet weights cannot be downloaded.
    """
    constructor, layers, mode = _APPLICATIONS.get(params.backbone, (None, (), "unit"))
    inputs = Preprocess("local" if params.contrast == "local" else mode, name="preprocess")(images)
    if constructor is None:
        return _slim(inputs, params.backbone_width)
    network = _keras_application(getattr(keras.applications, constructor), inputs, params)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_NORMALISATION_MOMENTUM
    return {level: network.get_layer(layer).output for level, layer in zip(_LEVELS, layers, strict=True)}


def _keras_application(constructor: Callable, inputs: tf.Tensor, params: DetectorParams) -> keras.Model:
    weights = None if params.weights == "none" else params.weights
    try:
        return constructor(include_top=False, weights=weights, input_tensor=inputs)
    except Exception as error:
        if weights is None:
            raise
        parameter = f"{params.section}.weights"
        raise PlatefuseError(
            f"{parameter} = '{weights}': the weights of {params.backbone} cannot be downloaded ({error}). Connect "
            f"once, so that Keras stores them in ~/.keras, or set {parameter} to none."
        ) from None


def _slim(inputs: tf.Tensor, width: int) -> dict[str, tf.Tensor]:
    """Residual network (He et al., 2015) with one block per stage."""
    features = conv_bn(inputs, width, "stem", stride=2)
    stages = {}
    for level, factor in zip(_LEVELS, (2, 4, 8, 8), strict=True):
        features = stages[level] = _residual(features, factor * width, level)
    return stages


def _residual(inputs: tf.Tensor, channels: int, name: str) -> tf.Tensor:
    main = conv_bn(inputs, channels, f"{name}_1", stride=2)
    main = conv_bn(main, channels, f"{name}_2", activation=None)
    stride = 2
    if inputs.shape[-1] < _MIN_STRIDED_CHANNELS:
        # Equal values: a strided 1x1 convolution and this pooling both read every second row and column.
        inputs, stride = keras.layers.MaxPooling2D(1, stride, name=f"{name}_shortcut_pool")(inputs), 1
    shortcut = conv_bn(inputs, channels, f"{name}_shortcut", stride, kernel=1, activation=None)
    return keras.layers.ReLU(name=name)(keras.layers.Add(name=f"{name}_sum")([main, shortcut]))


def conv_bn(
    inputs: tf.Tensor,
    channels: int,
    name: str,
    stride: int = 1,
    kernel: int = 3,
    activation: str | None = "relu",
    weights: str | keras.initializers.Initializer = "he_normal",
) -> tf.Tensor:
    """Convolve without a bias, normalise by the batch, and activate."""
    outputs = keras.layers.Conv2D(
        channels, kernel, stride, "same", use_bias=False, kernel_initializer=weights, name=f"{name}_conv"
    )(inputs)
    outputs = keras.layers.BatchNormalization(momentum=BATCH_NORMALISATION_MOMENTUM, name=f"{name}_bn")(outputs)
    return keras.layers.Activation(activation, name=f"{name}_out")(outputs) if activation else outputs
