"""One TensorFlow model that finds the characters on a plate and reads them."""
