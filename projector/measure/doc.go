// Package measure says how faithful a map of a layer's epochs is: arrays in, numbers out.
//
// A map gives every row of the original space (n×d, one row per sample, one matrix per epoch) a place in the
// plane. [Compute] compares the two, epoch by epoch, from one epoch to the next, and over all rows together:
//
//	report, err := measure.Compute(ctx, [][]measure.Frame{epochs}, measure.Options{})
//	fmt.Println(*report.TrustEpoch)
//
// Each measure's definition and source stand on its field in [Report], [FrameReport] and [StepReport]. Distances
// in the original space are by the metric in [Options], those on the map Euclidean. Neighbours and ranks are exact, as of
// distances taken pair by pair in float64 (see package space); centroids and alignments are of the forms that the metric
// compares, such as directions for cosine. A measure that is not defined, such as a silhouette without labels, is nil and
// never NaN.
//
// Results are the same, bit for bit, for any number of workers: every row has its own cell, and cells are added in
// order. Equal distances are ordered by row number, so a rank is always a permutation.
package measure
