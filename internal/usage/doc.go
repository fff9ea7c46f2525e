// Package usage tells what this process has used of the machine so far.
package usage
