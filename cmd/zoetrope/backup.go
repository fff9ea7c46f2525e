package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

func backupCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "backup [flags] FILE",
		Short: "Copy the store to a new file, also while runs are being written",
		Long: `Backup copies the store as it is now to a new file, which is a store like any other. Runs can be written
meanwhile and do not wait for it. The file appears when it is complete; an existing file is never overwritten.

A store in PostgreSQL is backed up with pg_dump.`,
		Example: `  zoetrope backup zoetrope-$(date +%F).db
  zoetrope backup --json /mnt/backup/zoetrope.db | jq .bytes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd, func(ctx context.Context, store *tracker.Store) error { return a.backup(ctx, store, args[0]) })
		},
	}
}

// backupResult describes the copy, as JSON.
type backupResult struct {
	Path    string  `json:"path"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
}

func (a *app) backup(ctx context.Context, store *tracker.Store, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	m := a.NewMeter()
	defer m.Close()
	begun := time.Now()
	if err := store.Backup(ctx, path, func(done, total int) { m.Show("pages", done, total) }); err != nil {
		return err
	}
	m.Close()
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	r := backupResult{path, info.Size(), time.Since(begun).Seconds()}
	if a.JSON {
		return a.PrintJSON(r)
	}
	_, err = fmt.Fprintf(a.Stdout, "%s: %.1f MB in %.1f s\n", r.Path, float64(r.Bytes)/1e6, r.Seconds)
	return err
}
