// Package attack damages the file of a store in every way that a disk can, and counts what is then read wrong without an
// error: its tests are that attack, in a bounded form. `make attack` runs them with more.
package attack
