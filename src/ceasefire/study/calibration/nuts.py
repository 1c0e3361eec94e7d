"""Sampling: what the data of a module say of its numbers, by Hamiltonian Monte Carlo, and whether that can be trusted.

The no-U-turn sampler (Hoffman and Gelman 2014, JMLR 15) in double precision. Convergence is told by split R̂ and the
effective number of draws (Gelman et al. 2013, Bayesian Data Analysis, section 11.4) and by divergent steps.

Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788): numbers are drawn from their priors, data are made
from them, and the posterior is found from those. The rank of the truth among its draws is uniform if likelihood and
sampler are right; how near the posterior mean comes to the truth tells what can be learned from data of this size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpy.typing import NDArray
from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
from numpyro.infer import init_to_median
from numpyro.infer.hmc import hmc
from numpyro.infer.util import initialize_model

from ceasefire.model.declare import Prior
from ceasefire.study.calibration.module import Module, values

FloatArray = NDArray[np.float64]

SCORE = "score"
WARM_UP, DRAWS, CHAINS = 400, 500, 4
REPLICATE_WARM_UP, REPLICATE_DRAWS, THIN = 250, 396, 4
ACCEPT = 0.85
DEEPEST = 8
"""Doublings of a trajectory at most."""
LANES = 10
"""Replicates sampled side by side."""


@dataclass(frozen=True)
class Sampled:
    """Draws from a posterior."""

    scores: FloatArray
    """[number, draw]"""
    divergent: int
    """Steps that went astray."""
    split_rhat: FloatArray
    """[number] near 1 where the chains agree."""
    effective: FloatArray
    """[number] independent draws that these are worth."""


@dataclass(frozen=True)
class Replicates:
    """What the sampler finds of known truths."""

    truth: FloatArray
    """[number, replicate] scores."""
    rank: NDArray[np.int64]
    """[number, replicate] draws below the truth, of `among`."""
    among: int
    mean: FloatArray
    """[number, replicate] of the posterior."""
    spread: FloatArray
    """[number, replicate]"""


def sample(module: Module, priors: Mapping[str, Prior], data: Any, *, seed: int) -> Sampled:
    """Draws of the scores of a module's numbers, given its data."""
    chain = _chain(module, priors, data, warm_up=WARM_UP, draws=DRAWS)
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.PRNGKey(seed), CHAINS)
        scores, astray = jax.jit(jax.vmap(chain, in_axes=(0, None)))(keys, jax.tree.map(jnp.asarray, data))
        by_chain = np.asarray(scores, np.float64)
    rhat = np.asarray(split_gelman_rubin(by_chain), np.float64)
    effective = np.asarray(effective_sample_size(by_chain), np.float64)
    return Sampled(by_chain.reshape(-1, by_chain.shape[-1]).T, int(np.asarray(astray).sum()), rhat, effective)


def replicate(
    module: Module,
    priors: Mapping[str, Prior],
    data: Any,
    *,
    number: int,
    seed: int,
) -> Replicates:
    """Find known truths again, each drawn from the priors, from data of the shape of those given."""
    truth = np.random.default_rng([seed, 1]).standard_normal((len(priors), number))
    made = [_made(module, priors, data, truth[:, k], np.random.default_rng([seed, 2, k])) for k in range(number)]
    chain = jax.jit(jax.vmap(_chain(module, priors, data, warm_up=REPLICATE_WARM_UP, draws=REPLICATE_DRAWS)))
    found = []
    for first in range(0, number, LANES):
        lanes = [min(first + lane, number - 1) for lane in range(LANES)]
        with jax.enable_x64(True):
            keys = jnp.stack([jax.random.PRNGKey(seed + 1 + lane) for lane in lanes])
            stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *(made[lane] for lane in lanes))
            found.append(np.asarray(chain(keys, stacked)[0], np.float64)[: number - first, ::THIN])
    draws = np.concatenate(found).transpose(2, 0, 1)
    rank = (draws < truth[..., None]).sum(axis=2)
    return Replicates(truth, rank, draws.shape[2], draws.mean(axis=2), draws.std(axis=2))


def _made(
    module: Module, priors: Mapping[str, Prior], data: Any, truth: FloatArray, generator: np.random.Generator
) -> Any:
    with jax.enable_x64(True):
        numbers = {name: float(number) for name, number in values(priors, jnp.asarray(truth)).items()}
    return module.simulate(numbers, data, generator)


def _chain(
    module: Module, priors: Mapping[str, Prior], data: Any, *, warm_up: int, draws: int
) -> Callable[[jax.Array, Any], tuple[jax.Array, jax.Array]]:
    """A function of (key, data of this shape) → scores [draw, number] and how many steps diverged."""

    def model(data: Any) -> None:
        score = numpyro.sample(SCORE, dist.Normal(0.0, 1.0).expand([len(priors)]).to_event(1))
        module.model(values(priors, score), data)

    with jax.enable_x64(True):
        shown = jax.tree.map(jnp.asarray, data)
        known = initialize_model(
            jax.random.PRNGKey(0),
            model,
            init_strategy=init_to_median(num_samples=5),
            model_args=(shown,),
            dynamic_args=True,
        )
    start, potential = known.param_info.z, known.potential_fn

    def chain(key: jax.Array, data: Any) -> tuple[jax.Array, jax.Array]:
        begin, step = hmc(potential_fn_gen=potential, algo="NUTS")
        state = begin(
            start,
            num_warmup=warm_up,
            target_accept_prob=ACCEPT,
            max_tree_depth=DEEPEST,
            model_args=(data,),
            rng_key=key,
        )

        def move(state: Any, _: None) -> tuple[Any, Any]:
            state = step(state, model_args=(data,))
            return state, (state.z[SCORE], state.diverging)

        state = jax.lax.fori_loop(0, warm_up, lambda _, state: step(state, model_args=(data,)), state)
        _, (scores, diverging) = jax.lax.scan(move, state, None, length=draws)
        return scores, diverging.sum()

    return chain
