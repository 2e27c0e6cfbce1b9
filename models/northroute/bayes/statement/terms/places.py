"""Effects of places: structured by their neighbours and not, in the BYM2 form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import splu

from northroute.arrays import Array
from northroute.bayes.statement import suited
from northroute.bayes.statement.families import SUITED, Prior, Suited
from northroute.bayes.statement.intake import checked
from northroute.bayes.statement.terms.context import Context
from northroute.bayes.statement.terms.writer import Ids, Places
from northroute.errors import ModelError

Edge = tuple[str, str]
SD = Prior("half_normal", 1.0, "places' rates within a factor of about 7 of each other")
SHARE = Prior("beta", 0.5, "mostly structured or mostly not", shape=0.5)
DENSE: Final = 3000
"""Connected parts up to this size are inverted as dense matrices."""
_COLUMNS: Final = 256


@dataclass(frozen=True)
class BYM2:
    """Effects of places with a structured and an unstructured part (Riebler et al. 2016, Stat. Methods Med. Res. 25:1145).

    ``sd`` is the standard deviation of an effect, typical over the places of each connected part; ``rho`` is the share of
    its variance that neighbours have in common. A place without neighbours is an island: its effect is unstructured with
    standard deviation ``sd`` (Freni-Sterrantino et al. 2018, Spat. Spatio-temporal Epidemiol. 26:25).

    Attributes
    ----------
    group : str
        Column of places.
    edges : tuple of (str, str)
        Pairs of neighbours, by the places' labels; the order in a pair and repeated pairs do not matter.
    sd, rho : Prior
        The default of ``sd`` suits the outcome's spread.
    drop_unknown : bool
        Leave out pairs that name a place without data; by default they are an error.
    only : tuple of str, optional
        Responses that it enters.
    name : str, optional
        Stem of the reported names ``<name>_effect``, ``sd_<name>`` and ``rho_<name>``; default the places' name.
    """

    group: str
    edges: Sequence[Edge]
    sd: Prior | Suited = SUITED
    rho: Prior = SHARE
    drop_unknown: bool = False
    only: tuple[str, ...] | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        checked(self, flags=("drop_unknown",), names=("group", "name"))
        odd = [e for e in self.edges if isinstance(e, str) or not isinstance(e, Sequence) or len(e) != 2]
        if odd:
            raise ModelError(f"BYM2: 'edges' has {odd[0]!r}, which is no pair of places. Write it as (('a', 'b'),).")

    @property
    def stem(self) -> str:
        """Stem of the reported names."""
        return self.name or self.group

    def islands(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Return which of the places have no neighbour among them."""
        known = set(labels)
        joined = {place for edge in self.edges if set(edge) <= known for place in edge}
        return tuple(place for place in labels if place not in joined)

    def add(self, context: Context) -> None:
        """Add the term to the model.

        Raises
        ------
        ModelError
            If a pair names an unknown place or one place twice, no two places with data are neighbours, or the prior of
            ``rho`` is not one of shares.
        """
        suited.within(context.model, f"rho_{self.stem}", self.rho, "share")
        kept = context.rows(self.only)
        codes, labels = context.codes([self.group], kept)
        map_of = arrange(len(labels), self._pairs(context, labels))
        dim = context.dimension(self.group, labels)
        name, s = f"sd_{self.stem}", suited.spread(context.spread[kept])
        sigma = int(context.builder.scalar(name, suited.deviation(context.model, name, self.sd, SD, s)))
        rho = int(context.builder.scalar(f"rho_{self.stem}", self.rho))
        block = Places(map_of.parts, map_of.edges, 1 / np.sqrt(map_of.scaling), sigma, rho)
        ids = context.builder.bym2(block)[map_of.place]
        context.builder.report(f"{self.stem}_effect", ids, (dim,))
        context.add(kept, ids[codes])

    def _pairs(self, context: Context, labels: list[str]) -> Ids:
        """Return neighbours' codes, shape (edge, 2)."""
        place = {label: i for i, label in enumerate(labels)}
        unknown = sorted({str(p) for edge in self.edges for p in edge if p not in place})
        if unknown and not self.drop_unknown:
            raise ModelError(
                f"{context.model}: {len(unknown)} places of 'edges' have no row with '{self.group}', {unknown[0]} first. "
                "Mend the names, or leave their pairs out with drop_unknown=True."
            )
        twice = [a for a, b in self.edges if a == b]
        if twice:
            raise ModelError(f"{context.model}: 'edges' names {twice[0]} its own neighbour. Leave that pair out.")
        pairs = [(place[a], place[b]) for a, b in self.edges if a in place and b in place]
        if not pairs:
            raise ModelError(
                f"{context.model}: no two places of '{self.group}' are neighbours. Use Effects, which need none."
            )
        return np.asarray(pairs, dtype=np.int64)


@dataclass(frozen=True)
class Map:
    """Places sorted by connected part, islands last.

    Attributes
    ----------
    place : int array, shape (place,)
        Where each place went.
    parts : int array, shape (part + 1,)
        Where each part of two places or more begins and ends, after sorting.
    edges : int array, shape (edge, 2)
        Neighbours, after sorting, each pair once.
    scaling : array, shape (place,)
        Scaling factors, after sorting.
    """

    place: Ids
    parts: Ids
    edges: Ids
    scaling: Array


def arrange(n: int, edges: Ids) -> Map:
    """Sort ``n`` places by connected part: parts in order of first appearance, islands last.

    Parameters
    ----------
    n : int
    edges : int array, shape (edge, 2)
    """
    part, sizes = _parts(n, edges)
    island = sizes[part] == 1
    order = np.lexsort((np.arange(n), part, island))
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    counts = sizes[sizes > 1]
    moved = np.unique(np.sort(place[edges], axis=1), axis=0)
    return Map(place, np.concatenate([[0], np.cumsum(counts)]), moved, scaling_factors(n, edges)[order])


def scaling_factors(n: int, edges: Ids) -> Array:
    r"""Return the typical variance of an intrinsic autoregression in each place's connected part; one for an island.

    It is the geometric mean of the diagonal of the generalised inverse of the part's Laplacian, so that the
    autoregression divided by its square root has typical variance one (Sorbye and Rue 2014, Spatial Statistics 8:39).

    Parameters
    ----------
    n : int
        Number of places.
    edges : int array, shape (edge, 2)
        Pairs of neighbours; repeated pairs count once.

    Returns
    -------
    array, shape (n,)
    """
    part, sizes = _parts(n, edges)
    whole = laplacian(n, np.unique(np.sort(edges, axis=1), axis=0))
    factors = np.ones(n)
    for p in np.flatnonzero(sizes > 1):
        members = np.flatnonzero(part == p)
        variances = _variances(whole[members][:, members])
        factors[members] = np.exp(np.log(variances).mean())
    return factors


def laplacian(n: int, edges: Ids) -> "sparse.csr_array":
    """Return the Laplacian of a graph of ``n`` places, shape (n, n), from pairs of neighbours, each pair once."""
    half = sparse.coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    return sparse.csr_array(csgraph.laplacian((half + half.T).tocsr()))


def _parts(n: int, edges: Ids) -> tuple[Ids, Ids]:
    """Return each place's part, numbered in order of first appearance, and the parts' sizes."""
    graph = sparse.coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    _, found = csgraph.connected_components(graph, directed=False)
    _, first, part = np.unique(found, return_index=True, return_inverse=True)
    rank = np.empty_like(first)
    rank[np.argsort(first)] = np.arange(first.size)
    part = np.asarray(rank[part], dtype=np.int64)
    return part, np.bincount(part)


def _variances(laplacian: "sparse.csr_array") -> Array:
    r"""Return the diagonal of the generalised inverse of a connected graph's Laplacian Q, shape (place,).

    A small one is :math:`(Q + 11'/n)^{-1} - 11'/n`. A large one comes from :math:`G`, the inverse of Q without its last
    row and column, filled up with zeros: with centring matrix C the generalised inverse is :math:`CGC`.
    """
    n = laplacian.shape[0]
    if n <= DENSE:
        inverse = linalg.inv(laplacian.toarray() + 1 / n, assume_a="pos", overwrite_a=True)
        return np.asarray(np.diag(inverse) - 1 / n)
    factor = splu(sparse.csc_array(laplacian[:-1][:, :-1]), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    diagonal, means = np.zeros(n), np.zeros(n)
    for first in range(0, n - 1, _COLUMNS):
        stop = min(first + _COLUMNS, n - 1)
        unit = np.zeros((n - 1, stop - first))
        unit[np.arange(first, stop), np.arange(stop - first)] = 1.0
        block = factor.solve(unit)
        diagonal[first:stop] = block[np.arange(first, stop), np.arange(stop - first)]
        means[first:stop] = block.sum(axis=0) / n
    return np.asarray(diagonal - 2 * means + means.mean())
