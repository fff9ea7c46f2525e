#!/usr/bin/python3
"""Maps of epochs that no method for films made, to measure beside them: films.py EMBEDDINGS.npy OUT_FOLDER [--seed 42] [--umap]

EMBEDDINGS is E×n×d float32. Writes OUT_FOLDER/pca.npy, the first two principal components of all rows, and with --umap also
OUT_FOLDER/procrustes.npy: umap-learn of each epoch by itself, each turned, reflected, scaled and shifted onto the one before by
Procrustes' method. Settings of UMAP as for the other peers: n_neighbors 20, min_dist 0.01, n_epochs 200. Maps are E×n×2.
"""
import argparse, os, resource
import numpy as np

p = argparse.ArgumentParser()
p.add_argument("embeddings"), p.add_argument("out"), p.add_argument("--seed", type=int, default=42), p.add_argument("--umap", action="store_true")
a = p.parse_args()
x = np.load(a.embeddings).astype(np.float32)
epochs, n, _ = x.shape


def save(name, y):
    np.save(os.path.join(a.out, name), np.ascontiguousarray(y.reshape(epochs, n, 2), dtype="<f4"))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print("%s: %.1f s of processor time so far" % (name, used.ru_utime + used.ru_stime), flush=True)


def onto(y, before):
    """y turned, reflected, scaled and shifted so that the squared distances from before are smallest."""
    mean, want = y.mean(0), before.mean(0)
    u, s, vt = np.linalg.svd((y - mean).T @ (before - want))
    return (y - mean) @ (u @ vt) * (s.sum() / ((y - mean) ** 2).sum()) + want


rows = x.reshape(epochs * n, -1).astype(np.float64)
rows -= rows.mean(0)
_, vectors = np.linalg.eigh(rows.T @ rows)
save("pca.npy", rows @ vectors[:, :-3:-1])
if a.umap:
    import umap

    maps = []
    for e in range(epochs):
        y = umap.UMAP(n_neighbors=20, min_dist=0.01, n_epochs=200, random_state=a.seed).fit_transform(x[e]).astype(np.float64)
        maps.append(onto(y, maps[-1]) if maps else y)
    save("procrustes.npy", np.stack(maps))
