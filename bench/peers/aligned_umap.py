#!/usr/bin/python3
"""umap-learn's AlignedUMAP, epochs as slices, the same sample related. Usage: aligned_umap.py EMBEDDINGS.npy MAP.npy"""
import sys, time
import numpy as np
import umap

X = np.load(sys.argv[1])
E, n, _ = X.shape
m = umap.AlignedUMAP(n_neighbors=20, min_dist=0.01, n_epochs=200, alignment_window_size=3, alignment_regularisation=0.01)
t, c = time.time(), time.process_time()
m.fit(list(X), relations=[{i: i for i in range(n)}] * (E - 1))
print(f"AlignedUMAP {umap.__version__}: {time.time()-t:.1f} s wall, {time.process_time()-c:.1f} s CPU")
np.save(sys.argv[2], np.stack([np.asarray(y) for y in m.embeddings_]).astype(np.float32))
