#!/usr/bin/python3
"""umap-learn on all rows of all epochs together. Usage: umap_learn.py EMBEDDINGS.npy MAP.npy [--seed N] [--hold-out]

Timed after its just-in-time compiler is warm. Without a seed it runs in parallel and every run gives another map; with
one it runs on one thread. With --hold-out every tenth row is left out of the fit and placed by transform afterwards.
"""
import argparse, time
import numpy as np
import umap

p = argparse.ArgumentParser()
p.add_argument("embeddings")
p.add_argument("map")
p.add_argument("--seed", type=int)
p.add_argument("--hold-out", action="store_true")
p.add_argument("--n-neighbors", type=int, default=20)
p.add_argument("--min-dist", type=float, default=0.01)
p.add_argument("--n-epochs", type=int, default=200)
a = p.parse_args()

X = np.load(a.embeddings)
X = X.reshape(-1, *X.shape[-2:])  # E×n×d
rows = X.reshape(-1, X.shape[2])
settings = dict(n_neighbors=a.n_neighbors, min_dist=a.min_dist, n_epochs=a.n_epochs, random_state=a.seed)
umap.UMAP(**settings).fit_transform(rows[:5000])  # compiles both neighbour searches and the layout
umap.UMAP(**settings).fit_transform(rows[:3000])


def timed(what, f):
    t, c = time.time(), time.process_time()
    r = f()
    print(f"umap-learn {umap.__version__} {what}: {time.time()-t:.2f} s wall, {time.process_time()-c:.2f} s CPU", flush=True)
    return r


if not a.hold_out:
    Y = timed(f"fit seed={a.seed}", lambda: umap.UMAP(**settings).fit_transform(rows))
    np.save(a.map, Y.reshape(X.shape[0], X.shape[1], -1).astype(np.float32))
    raise SystemExit

from sklearn.neighbors import NearestNeighbors

held = np.arange(len(rows)) % 10 == 3
m = timed("fit of nine tenths", lambda: umap.UMAP(**settings).fit(rows[~held]))
m.transform(rows[held][:50])  # compiles
Y = timed("transform of a tenth", lambda: m.transform(rows[held]))
np.save(a.map, Y.astype(np.float32))


def kept(q, y, own):  # of the 15 nearest fitted rows, the share among the 15 nearest on the map; own: the first is the row itself
    hi = NearestNeighbors(n_neighbors=15 + own, algorithm="brute").fit(rows[~held]).kneighbors(q, return_distance=False)[:, own:]
    lo = NearestNeighbors(n_neighbors=15 + own).fit(m.embedding_).kneighbors(y, return_distance=False)[:, own:]
    return np.mean([len(set(s) & set(t)) / 15 for s, t in zip(hi, lo)])


q = np.arange(1500) * 7919 % (~held).sum()
print(f"knn15 of placed rows {kept(rows[held], Y, 0):.3f}, of fitted rows {kept(rows[~held][q], m.embedding_[q], 1):.3f}")
