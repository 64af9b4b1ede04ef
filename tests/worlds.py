"""Small worlds with a known truth, and a second, plain way to compute what we compute."""

import numpy as np

from loyaltymodel.structural import Construct, Path, StructuralModel


def model_of(sizes, arrows, mode="A"):
    """A model with constructs c0, c1, ... of given sizes and arrows as pairs of numbers."""
    modes = mode * len(sizes) if len(mode) == 1 else mode
    return StructuralModel(
        constructs=[
            Construct(name=f"c{k}", items=[f"c{k}i{i}" for i in range(size)], mode=modes[k])
            for k, size in enumerate(sizes)
        ],
        paths=[Path(source=f"c{s}", target=f"c{t}") for s, t in arrows],
    )


def factor_world(sizes, arrows, coefficients, loadings):
    """Population correlations of items and constructs of a factor model.

    Constructs must be listed causes first. Returns (items, constructs).
    """
    j = len(sizes)
    paths = np.zeros((j, j))
    for (source, target), value in zip(arrows, coefficients, strict=True):
        paths[source, target] = value
    phi = np.eye(j)
    for k in range(j):
        cause = paths[:k, k]
        phi[:k, k] = phi[k, :k] = phi[:k, :k] @ cause
        assert cause @ phi[:k, :k] @ cause < 1, "more than all variance explained"
    big = np.zeros((sum(sizes), j))
    row = 0
    for k, size in enumerate(sizes):
        big[row : row + size, k] = loadings[row : row + size]
        row += size
    items = big @ phi @ big.T
    np.fill_diagonal(items, 1.0)
    return items, phi


def answers(rng, n, sizes, arrows, *, noise=1.0):
    """Continuous answers (n, p) of people to the items of constructs joined by arrows."""
    latent = []
    for k in range(len(sizes)):
        causes = [latent[s] for s, t in arrows if t == k]
        latent.append(sum(causes) * 0.6 + rng.normal(size=n))
    columns = [
        latent[k] + noise * rng.normal(size=n) for k, size in enumerate(sizes) for _ in range(size)
    ]
    return np.column_stack(columns)


def plain_pls(x, sizes, arrows, *, scheme, mode):
    """PLS path modelling person by person, as the textbooks write it: rows, scores, regressions.

    Returns weights (p,), path coefficients {(source, target): value}. Written without any of the
    library's code, to be slow and obvious.
    """
    z = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    blocks = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    weights = [np.ones(size) for size in sizes]
    for _ in range(2000):
        scores = []
        for block, w in zip(blocks, weights, strict=True):
            score = z[:, block] @ w
            scores.append(score / score.std(ddof=1))
        renewed = []
        for k, block in enumerate(blocks):
            proxy = np.zeros(len(z))
            causes = [s for s, t in arrows if t == k]
            effects = [t for s, t in arrows if s == k]
            if scheme == "path":
                if causes:
                    design = np.column_stack([scores[c] for c in causes])
                    proxy += design @ np.linalg.lstsq(design, scores[k], rcond=None)[0]
                for e in effects:
                    proxy += np.corrcoef(scores[k], scores[e])[0, 1] * scores[e]
            else:
                for c in causes + effects:
                    r = np.corrcoef(scores[k], scores[c])[0, 1]
                    proxy += (r if scheme == "factorial" else np.sign(r)) * scores[c]
            if mode[k] == "A":
                w = z[:, block].T @ proxy
            else:
                w = np.linalg.lstsq(z[:, block], proxy, rcond=None)[0]
            renewed.append(w / (z[:, block] @ w).std(ddof=1))
        change = max(np.abs(a - b).max() for a, b in zip(renewed, weights, strict=True))
        weights = renewed
        if change < 1e-13:
            break
    flipped = [
        w if np.corrcoef(z[:, b] @ w, z[:, b].sum(axis=1))[0, 1] >= 0 else -w
        for b, w in zip(blocks, weights, strict=True)
    ]
    scores = [z[:, b] @ w for b, w in zip(blocks, flipped, strict=True)]
    paths = {}
    for k in range(len(sizes)):
        causes = [s for s, t in arrows if t == k]
        if causes:
            design = np.column_stack([scores[c] for c in causes])
            found = np.linalg.lstsq(design, scores[k], rcond=None)[0]
            paths |= {(c, k): value for c, value in zip(causes, found, strict=True)}
    return np.concatenate(flipped), paths
