//go:build !linux

package pgtest

import (
	"os"
	"syscall"
)

// unprivileged is nothing special where tests are not run as root.
func unprivileged() (*syscall.SysProcAttr, func(path string) error, error) {
	if os.Getuid() == 0 {
		return nil, nil, ErrMissing
	}
	return nil, func(string) error { return nil }, nil
}
