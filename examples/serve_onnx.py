"""Read one image with an exported model, ONNX Runtime and Pillow: python serve_onnx.py models/fused.onnx plate.jpg"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image

model = onnxruntime.InferenceSession(sys.argv[1])
alphabet = json.loads(model.get_modelmeta().custom_metadata_map["platefuse"])["alphabet"]
image = np.asarray(Image.open(sys.argv[2]).convert("RGB"))
names = ["character_ids", "confidence", "truncated", "boxes", "count"]
ids, confidence, truncated, boxes, count = model.run(names, {"images": image[None]})
print("".join(alphabet[i] for i in ids[0, : count[0]]), float(confidence[0]), boxes[0, : count[0]])
if truncated[0]:
    print("The plate has more characters.")
