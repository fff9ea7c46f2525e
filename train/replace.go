package train

import (
	"errors"
	"os"
	"path/filepath"
)

// replaceFile writes b to path so that a crash, or a loss of power, leaves the old file or the new
// one. It needs to be the only writer: its half-written file is always path + ".tmp".
func replaceFile(path string, b []byte) error {
	f, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}
