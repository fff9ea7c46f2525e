package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
)

// TestPasswordsAreNotPrinted runs each command with the address of a server that cannot be reached: the password must not come
// out again.
func TestPasswordsAreNotPrinted(t *testing.T) {
	const password = "s3cret"
	path, _ := ramp(t, 2, 10, 3)
	tried := map[string]bool{}
	for _, command := range [][]string{
		{"runs"},
		{"show"},
		{"edit", "r", "--add-tag", "t"},
		{"import", "--run", "r", path},
		{"export", "-o", "vectors.npz"},
		{"export", "-o", "page.html"},
		{"plot", "-o", "map.png"},
		{"project"},
		{"project extend"},
		{"project refit"},
		{"project transform", path},
		{"points"},
		{"neighbors", "--epoch", "1", "--sample", "0"},
		{"quality"},
		{"serve", "--addr", "127.0.0.1:0"},
		{"serve", "--addr", "127.0.0.1:0", "--create"},
		{"doctor"},
		{"doctor", "--salvage", "saved.db"},
		{"backup", "copy.db"},
		{"rm", "--yes", "r"},
		{"version"},
	} {
		tried[command[0]] = true
		args := append(strings.Fields(command[0]), command[1:]...)
		for _, dsn := range []string{
			"postgres://u:" + password + "@127.0.0.1:1/db",
			"postgresql://u:" + password + "@127.0.0.1:1/db?sslmode=disable&connect_timeout=1",
			"postgres://u@127.0.0.1:1/db?password=" + password,
			"postgres://u:" + password + "@127.0.0.1:1/%zz",
			"postgres://u:" + password + "@127.0.0.1:x/db",
		} {
			with := slices.Clone(args)
			if command[0] != "version" {
				with = append(with, "--db", dsn)
			}
			for _, form := range [][]string{nil, {"--json"}} {
				var out, errs bytes.Buffer
				status := run(t.Context(), append(slices.Clone(with), form...), &out, &errs)
				if command[0] != "version" && (status != 1 || errs.Len() == 0) {
					t.Errorf("zoetrope %q ends with status %d and says %q, want 1 and why", with, status, &errs)
				}
				if said := out.String() + errs.String(); strings.Contains(said, password) {
					t.Errorf("zoetrope %q prints the password: %s", with, said)
				}
			}
		}
	}
	var all func(cmd *cobra.Command)
	all = func(cmd *cobra.Command) {
		if name := strings.TrimPrefix(cmd.CommandPath(), "zoetrope "); cmd.HasParent() && cmd.Runnable() && !tried[name] {
			t.Errorf("command %q is not in the table", name)
		}
		for _, c := range cmd.Commands() {
			if c.Name() != "help" && c.Name() != "completion" {
				all(c)
			}
		}
	}
	all(newRoot(&app{&cli.App{}}, nil))
}
