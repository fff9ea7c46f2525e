// Package umap maps high-dimensional points to two or three dimensions so that
// neighbours stay neighbours: UMAP (McInnes, Healy and Melville 2018,
// arXiv 1802.03426), with umap-learn's parameters and their meaning.
//
//	m, err := umap.Fit(ctx, x, dim, umap.Defaults(), nil) // x: n×dim float32, row-major
//	// m.Embedding is n×2
//
// [Fit] is its steps in order, and each is exported, so that other methods can
// be built of them:
//
//   - [space.Neighbors]: exact nearest neighbours, in blocks, by matrix products
//   - [Memberships]: distances to strengths of directed edges
//   - [FuzzyUnion], [Unite], [Graph.Prune]: the undirected graph
//   - [FitCurve]: the curve that min_dist and spread ask for
//   - [Start]: where points lie at first ([Spectral], [PCA])
//   - [Layout]: the descent, with negatives from all rows or a row's own group,
//     and what may move the points after each pass
//
// Rows may be standardised, brought to unit length or reduced to principal
// components beforehand ([Prepare], Options.Scale and PCA), and a fit may begin
// from coordinates or neighbours that are known ([FitData]).
//
// [Model.Transform] places rows that were not in the fit, among those that were.
// Its steps are [space.Index.Neighbors], [MembershipsAmong], [Directed], [StartAmong]
// and [Place], which moves some points while others stay. [Model.Save] and
// [Load] keep a model for later.
//
// The same seed gives the same coordinates bit for bit, for any number of
// workers, on one kind of machine; umap-learn has to give up either that or
// parallel work. Each step stops within a fraction of a second when its context
// ends. Memory grows with n, never with n².
//
// Not offered: the inverse transform (from the map back to rows), sparse input,
// approximate neighbours, labels that steer the map, densMAP, metrics other
// than [space.Metrics], and maps that are not flat.
package umap
