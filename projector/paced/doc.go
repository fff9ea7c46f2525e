// Package paced lets the map of a training keep time. A layout that is given the neighbours within each epoch shows what
// the epochs look like, and leaves to chance how far and where the samples move between them. A [Film] makes both follow
// the layer: how much of all movement falls into a transition, and which samples move in it.
//
//	film, err := paced.New(ctx, rows, paced.Options{Dims: 2, Metric: "euclidean", Travel: 0.5, Seed: 42})
//	err = film.Begin(ctx, y, 6)                        // y: n×2, where the layout starts
//	err = umap.Layout(ctx, y, 2, g, umap.LayoutOptions{…, After: film.Pass}, nil)
//	err = film.End(ctx, y)                             // y: n×2, the map
//
// With X[t,i] the row of sample i at epoch t in the layer, Y[t,i] its place on the map and |s−t| counted in epochs:
//
//	Y[t,i] = Z[t,i] + c·g[t]                                          a picture of each epoch, about the middle, and a path
//	c = travel · Σ|Z[t,a] − Z[t,b]| / Σ|X[t,a] − X[t,b]|              over pairs of one epoch: what has length 1 in the layer is c long
//	g = argmin Σ (|g[s] − g[t]| − D[s,t])² / (|s−t|·D[s,t])²          D[s,t] = |mean X[s] − mean X[t]|, stress majorisation
//
// The layout moves Z. After each of its passes, at a rate that falls from 1 to 0, all samples are drawn at once towards
// where they lie as far from themselves at other epochs as they moved in the layer (a round of Jacobi's on the stress of
// each sample's trajectory):
//
//	Z[t,i] += √rate · Σ w·(|Y[s,i] − Y[t,i]| − c·|X[s,i] − X[t,i]|)·(Y[s,i] − Y[t,i])/|Y[s,i] − Y[t,i]| / Σ w
//
// with s the appearances of the sample 1, 2, 4 and 8 before and after, w = 1/hops². Then each picture is put back about
// the middle. All runs of an epoch are one picture; epochs that have different samples are compared over those that both
// have.
//
// On such a map place means likeness within an epoch, and distance between epochs means movement, to scale. Place does
// not mean the same thing at two epochs.
//
// Results depend on no number of workers, and a pass allocates nothing.
package paced
