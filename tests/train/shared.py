"""Train on this process's part of several devices and print the figures: RECIPE OUT EPOCHS [LOGICAL]."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from litefoot.train import Options, run, train
from litefoot.train.fitting.devices import Devices, Task

recipe, out, epochs, *logical = sys.argv[1:]


def two_of_one_processor(task: Task) -> Devices:
    import tensorflow as tf

    (processor,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    return Devices(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]), task)


if logical:
    run.find_devices = two_of_one_processor
trained = train(recipe, Path(out), options=Options(quick=True, epochs=int(epochs)), resume=True)
(document,) = trained.documents.values()
facts = {"devices": trained.devices, "metric": document.metric_value, "written": trained.written}
sys.stdout.write(json.dumps({"history": trained.history, **facts}) + "\n")
