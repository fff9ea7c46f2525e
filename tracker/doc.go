// Package tracker records what a network's layers look like while it trains: runs, samples, epochs, vectors and metrics, in one store.
package tracker
