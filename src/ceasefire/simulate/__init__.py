"""Run it.

Chunks are worked on by threads, each waiting for its own computation; a computation keeps to one thread, which makes
sums come out the same on any machine with the same instruction set.
"""

import jax

jax.config.update("jax_cpu_enable_async_dispatch", False)
