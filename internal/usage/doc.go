// Package usage reports the processor time and the peak memory of this process.
package usage
