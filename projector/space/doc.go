// Package space is the original space: what the metrics are, which rows are
// nearest to which, how rows rank by their distance from one of them, and along
// which axes they spread most.
// Arrays in, numbers out.
//
// A metric is one row of one table, which every search and every measure
// reads. What is found is exact: as measured pair by pair in float64.
package space
