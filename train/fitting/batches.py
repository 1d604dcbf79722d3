"""The batches of a training: shuffled and varied anew in each epoch, and the same whenever that epoch is run."""

from __future__ import annotations

from typing import Any

from ..data.samples import Samples
from ..recipe import Plan, Recipe
from .devices import Devices


def training_batches(recipe: Recipe, samples: Samples, plan: Plan, seed: int, first: int, devices: Devices) -> Any:
    """The batches of all epochs from one on.

    Every batch is a full one: what is left over at the end of an epoch is others' turn in the next. The order and the
    variation of samples follow from the seed, the epoch and the sample alone, not from where training began nor from
    how many devices share a batch.

    Args:
        recipe: Whose `augment` and `batch` apply.
        samples: Of the training part.
        plan: How many epochs and steps.
        seed: Of the order of the samples and of what is random in them.
        first: The number of the first epoch, from 0.
        devices: That share each batch.

    Returns:
        A ``tf.data.Dataset``, or one that is distributed, of (inputs by name, targets).
    """
    if devices.replicas == 1:
        return _pipeline(recipe, samples, plan, seed, first, replicas=1, own=slice(0, 1))

    def of_worker(context: Any) -> Any:
        here = devices.replicas // context.num_input_pipelines
        own = slice(context.input_pipeline_id * here, (context.input_pipeline_id + 1) * here)
        return _pipeline(recipe, samples, plan, seed, first, replicas=devices.replicas, own=own)

    return devices.strategy.distribute_datasets_from_function(of_worker)


def validation_batches(samples: Samples, batch: int) -> Any:
    """All samples in their order.

    Args:
        samples: Of the validation part.
        batch: Samples in a batch.

    Returns:
        A ``tf.data.Dataset`` of (inputs by name, targets).
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    ordered = tf.data.Dataset.from_tensor_slices((samples.inputs, samples.targets)).batch(batch)
    return ordered.with_options(options)


def _pipeline(recipe: Recipe, samples: Samples, plan: Plan, seed: int, first: int, *, replicas: int, own: slice) -> Any:
    """The parts of every batch that are these replicas' own, one after the other."""
    import tensorflow as tf

    with tf.device("CPU:0"):
        examples = tf.nest.map_structure(tf.constant, (samples.inputs, samples.targets))
    part = recipe.batch // replicas
    varied = type(recipe).augment is not Recipe.augment

    def pick(indices: Any) -> Any:
        return tf.nest.map_structure(lambda array: tf.gather(array, indices), examples)

    def one_epoch(epoch: Any) -> Any:
        seeds = tf.stack([seed, epoch])
        order = tf.random.experimental.stateless_shuffle(tf.range(len(samples), dtype=tf.int64), seeds)
        shared = tf.reshape(order[: plan.steps * recipe.batch], [plan.steps, replicas, part])[:, own]
        if not varied:
            return tf.data.Dataset.from_tensor_slices(tf.reshape(shared, [-1, part])).map(pick)

        def vary(index: Any) -> Any:
            inputs, targets = pick(index)
            return recipe.augment(inputs, targets, tf.random.experimental.stateless_fold_in(seeds, index))

        single = tf.data.Dataset.from_tensor_slices(tf.reshape(shared, [-1]))
        return single.map(vary, num_parallel_calls=tf.data.AUTOTUNE).batch(part, drop_remainder=True)

    return tf.data.Dataset.range(first, plan.epochs).flat_map(one_epoch).prefetch(tf.data.AUTOTUNE)
