"""Read one image with a fused SavedModel and TensorFlow alone: python serve_tensorflow.py models/fused plate.jpg"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow logs on the error output what it lacks, such as a GPU

import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
outputs = model.signatures["encoded"](encoded=tf.io.read_file(sys.argv[2])[None])
count = int(outputs["count"][0])
print(outputs["text"][0].numpy().decode(), float(outputs["confidence"][0]), outputs["boxes"][0, :count].numpy())
if outputs["truncated"][0]:
    print("The plate has more characters.")
