package database

import (
	"errors"
	"io/fs"
	"os"
)

// A new store is its user's only: 0600. Its locks have the permissions that the store has, so that whoever shares a store with
// others, by chmod, shares these, too; the files that SQLite makes beside a store have them anyway.

// filePermission returns the permissions of the files that belong to a store.
func filePermission(store string) fs.FileMode {
	info, err := os.Stat(store)
	if err != nil {
		return 0o600
	}
	return info.Mode().Perm() & 0o666
}

// makeLockFolder makes the folder of the locks of a store, if it is not there, with the store's permissions: who may write
// the store may write there.
func makeLockFolder(store string) error {
	folder, mode := LockFolder(store), filePermission(store)
	mode |= mode & 0o444 >> 2 // whoever reads a folder enters it
	err := os.Mkdir(folder, mode)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return os.Chmod(folder, mode) // whatever the umask is
}
