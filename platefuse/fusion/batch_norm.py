"""Puts batch normalisation into the convolutions before it: the same network of fewer operations.

In use a normalisation is one factor and one offset a channel, which the kernel and bias before it can hold (Jacob et
al., *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*, 2018, section 3.2).
"""

from platefuse.networks.common.keras2 import keras, tf


def fold_batch_normalisation(model: keras.Model) -> keras.Model:
    """Copy a network that is done with training, its normalisations folded into convolutions where one stands before.

    Args:
        model: a functional model; models inside it are taken over as they are.

    Returns:
        A model of the same inputs, outputs and layers' names, whose outputs are equal but for rounding.
    """
    folded = {conv.name: norm for norm in model.layers if (conv := _convolution_before(norm, model))}
    norms = {norm.name for norm in folded.values()}

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        if layer.name in norms:
            return keras.layers.Activation("linear", name=layer.name)
        if isinstance(layer, keras.Model):
            return layer
        bias = {"use_bias": True} if layer.name in folded else {}
        return type(layer).from_config({**layer.get_config(), **bias})

    copy = keras.models.clone_model(model, clone_function=clone)
    for layer in model.layers:
        if layer.name in folded:
            copy.get_layer(layer.name).set_weights(_folded_weights(layer, folded[layer.name]))
        elif layer.name not in norms:
            copy.get_layer(layer.name).set_weights(layer.get_weights())
    return copy


def _convolution_before(norm: keras.layers.Layer, model: keras.Model) -> keras.layers.Layer | None:
    """The convolution whose outputs go into a batch normalisation as they are, and nowhere else."""
    if not isinstance(norm, keras.layers.BatchNormalization):
        return None
    conv = norm.input._keras_history.layer
    if type(conv) is not keras.layers.Conv2D or conv.activation is not keras.activations.linear:
        return None
    shared = len(conv.outbound_nodes) > 1 or any(output is conv.output for output in model.outputs)
    return None if shared else conv


def _folded_weights(conv: keras.layers.Layer, norm: keras.layers.Layer) -> list[tf.Tensor]:
    factor = tf.math.rsqrt(norm.moving_variance + norm.epsilon) * (norm.gamma if norm.scale else 1.0)
    bias = ((conv.bias if conv.use_bias else 0.0) - norm.moving_mean) * factor + (norm.beta if norm.center else 0.0)
    return [(conv.kernel * factor).numpy(), bias.numpy()]
