#!/usr/bin/python3
"""How faithful a joint map of a layer's embeddings over epochs is. Usage: quality.py EMBEDDINGS.npy MAP.npy LABELS.npy

EMBEDDINGS is E×n×d, MAP is E×n×2 (or 3), LABELS is n. Prints one JSON object; `zoetrope quality --json` has the same figures.
  trust_epoch  mean over epochs of the trustworthiness (k=15, true ranks) of an epoch's points among themselves;
               for epochs of more than 5,000 samples, of 1,500 of them
  knn15, knn50 share of a row's 15 nearest rows (all epochs, original space) found among its 15 / 50 nearest on the map;
               rows 7919·i mod E·n, i < 1500 (all rows when there are fewer)
  sil_first, sil_last, silx_first, silx_last  silhouette by label in the first and last epoch, on the map and in the original space
  sil_corr     Spearman correlation over epochs of the two silhouettes: does the map tell when clusters form?
  purity_gap   mean over epochs of (15-NN label purity on the map − in the original space)
  motion       Spearman correlation, over samples and consecutive epochs, of the distance moved on the map and in the original space
  displacement median distance moved per epoch over the map's root-mean-square radius
  jump         the largest, over transitions, of the median distance moved, over the same radius
What needs several epochs is null for a map of one, and so is what looks at all pairs of an epoch's samples beyond 5,000.
"""
import json, sys
import numpy as np
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_score

X = np.load(sys.argv[1]).astype(np.float32)
Y = np.load(sys.argv[2]).astype(np.float64)
L = np.load(sys.argv[3])
E, n, d = X.shape
assert Y.shape[:2] == (E, n), f"map is {Y.shape}, embeddings are {X.shape}"
assert np.isfinite(Y).all(), "the map has NaN or Inf"
small = n <= 5000


def distances(a, rows):  # squared, of the given rows to all, a row being infinitely far from itself
    s = (a * a).sum(1)
    dist = s[None] - 2 * a[rows] @ a.T + s[rows, None]
    dist[np.arange(len(rows)), rows] = np.inf
    return dist


def nearest(a, rows, k):
    return np.concatenate([np.argpartition(distances(a, rows[i : i + 250]), k, 1)[:, :k] for i in range(0, len(rows), 250)])


def spread(m):  # rows all over a matrix of m: 7919 is prime
    return np.arange(min(1500, m)) * 7919 % m


def sampled_trust(x, y, k=15):
    penalty, rows = 0, spread(len(x))
    for at in range(0, len(rows), 250):
        q = rows[at : at + 250]
        for dist, near in zip(distances(x, q), nearest(y, q, k)):
            penalty += np.maximum(0, (dist[None] < dist[near, None]).sum(1) + 1 - k).sum()
    return 1 - 2 * penalty / (len(rows) * k * (2 * len(x) - 3 * k - 1))


def purity(a):
    return float((L[nearest(a, np.arange(n), 15)] == L[:, None]).mean())


out = {}
if small:
    out["trust_epoch"] = np.mean([trustworthiness(X[e], Y[e], n_neighbors=15) for e in range(E)])
else:
    out["trust_epoch"] = np.mean([sampled_trust(X[e].astype(np.float64), Y[e]) for e in range(E)])

x, y = X.reshape(E * n, d).astype(np.float64), Y.reshape(E * n, -1)
q = spread(E * n)
hx = nearest(x, q, 15)
for k in (15, 50):
    out[f"knn{k}"] = np.mean([len(set(s) & set(t)) / 15 for s, t in zip(hx, nearest(y, q, k))])

names = "sil_first sil_last silx_first silx_last sil_corr purity_gap motion displacement jump".split()
out.update(dict.fromkeys(names))
if small:
    sil = [silhouette_score(Y[e], L) for e in range(E)]
    silx = [silhouette_score(X[e], L) for e in range(E)]
    out.update(sil_first=sil[0], sil_last=sil[-1], silx_first=silx[0], silx_last=silx[-1])
    out["purity_gap"] = np.mean([purity(Y[e]) - purity(X[e].astype(np.float64)) for e in range(E)])
    if E > 1:
        out["sil_corr"] = spearmanr(sil, silx)[0]
if E > 1:
    dh = np.linalg.norm(X[1:] - X[:-1], axis=2)
    dl = np.linalg.norm(Y[1:] - Y[:-1], axis=2)
    radius = np.sqrt(((y - y.mean(0)) ** 2).sum(1).mean())
    out.update(motion=spearmanr(dh.ravel(), dl.ravel())[0], displacement=np.median(dl) / radius, jump=np.median(dl, axis=1).max() / radius)
print(json.dumps({k: None if v is None else round(float(v), 4) for k, v in out.items()}))
