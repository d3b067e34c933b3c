"""Read one image with a fused SavedModel and TensorFlow alone: python serve_tensorflow.py models/fused plate.jpg"""

import sys

import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
outputs = model.signatures["encoded"](encoded=tf.io.read_file(sys.argv[2])[None])
count = int(outputs["count"][0])
print(outputs["text"][0].numpy().decode(), float(outputs["confidence"][0]), outputs["boxes"][0, :count].numpy())
if outputs["truncated"][0]:
    print("The plate has more characters.")
