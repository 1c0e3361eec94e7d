"""Run it.

One device a core is set up before JAX starts, so that chunks run side by side in one process; each computation keeps
to one thread, which makes sums come out the same on any machine with the same instruction set.
"""

import os

import jax

try:
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    jax.config.update("jax_cpu_enable_async_dispatch", False)
except RuntimeError:  # JAX has started already; its devices are used as they are
    pass
