// Package measure says how faithful a map of a layer's epochs is: arrays in, numbers out.
//
// A map gives every row of the original space (n×d, one row per sample, one matrix per epoch) a place in the
// plane. [Compute] compares the two, epoch by epoch, from one epoch to the next, and over all rows together:
//
//	report, err := measure.Compute(ctx, [][]measure.Frame{epochs}, measure.Options{})
//	fmt.Println(*report.TrustEpoch)
//
// Each measure's definition and source stand on its field in [Report], [FrameReport] and [StepReport]. Distances
// are Euclidean; for another metric, bring the rows into a form whose Euclidean distance has that metric's order
// (for cosine: unit length). A measure that is not defined, such as a silhouette without labels, is nil and never NaN.
//
// Results are the same, bit for bit, for any number of workers: every row has its own cell, and cells are added in
// order. Equal distances are ordered by row number, so a rank is always a permutation.
package measure
