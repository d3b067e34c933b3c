"""Batch-norm folding: the same network with fewer operations.

At inference a batch normalisation is one factor and one offset per channel. The kernel and bias of the convolution
before it can hold both (Jacob et al., *Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference*, 2018, section 3.2).
"""

from platefuse.networks.common.keras2 import keras, tf


def fold_batch_normalisation(model: keras.Model) -> keras.Model:
    """Copy a trained network with its batch normalisations folded into convolutions.

    Args:
        model: a functional model; models nested in it are folded, too.

    Returns:
        A model with the same inputs, outputs and layer names. Its outputs are equal up to rounding.
    """
    norm_after = {conv.name: norm for norm in model.layers if (conv := _foldable_convolution(norm, model))}
    folded = {norm.name for norm in norm_after.values()}

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        if layer.name in folded:
            return keras.layers.Activation("linear", name=layer.name)
        if isinstance(layer, keras.Model):
            return _folded_model(layer)
        config = layer.get_config()
        if "bias_initializer" in config:  # keras-retinanet's is unknown to Keras, and the weights are set below
            config["bias_initializer"] = "zeros"
        bias = {"use_bias": True} if layer.name in norm_after else {}
        return type(layer).from_config({**config, **bias})

    copy = keras.models.clone_model(model, clone_function=clone)
    for layer in model.layers:
        if layer.name in norm_after:
            copy.get_layer(layer.name).set_weights(_folded_weights(layer, norm_after[layer.name]))
        elif layer.name not in folded and not isinstance(layer, keras.Model):
            copy.get_layer(layer.name).set_weights(layer.get_weights())
    return copy


def _folded_model(model: keras.Model) -> keras.Model:
    """Fold a nested model; reuse one without batch normalisation."""
    normalised = any(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers)
    return fold_batch_normalisation(model) if normalised else model


def _foldable_convolution(norm: keras.layers.Layer, model: keras.Model) -> keras.layers.Layer | None:
    """Find the linear convolution whose output feeds only this batch normalisation."""
    if not isinstance(norm, keras.layers.BatchNormalization):
        return None
    conv = norm.input._keras_history.layer
    if type(conv) is not keras.layers.Conv2D or conv.activation is not keras.activations.linear:
        return None
    shared = len(conv.outbound_nodes) > 1 or any(output is conv.output for output in model.outputs)
    return None if shared else conv


def _folded_weights(conv: keras.layers.Layer, norm: keras.layers.Layer) -> list[tf.Tensor]:
    """Kernel and bias of a convolution that includes its batch normalisation."""
    factor = tf.math.rsqrt(norm.moving_variance + norm.epsilon) * (norm.gamma if norm.scale else 1.0)
    bias = ((conv.bias if conv.use_bias else 0.0) - norm.moving_mean) * factor + (norm.beta if norm.center else 0.0)
    return [(conv.kernel * factor).numpy(), bias.numpy()]
