package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// versionInfo identifies this build, by the Go tool's records in the binary.
type versionInfo struct {
	Module   string `json:"module"`
	Version  string `json:"version"` // of the module: a tag, a pseudo-version or (devel)
	Revision string `json:"revision"`
	Time     string `json:"time"` // of the revision
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	CPU      string `json:"cpu"` // the instructions that the kernels use; coordinates are equal bit for bit within one
}

func readVersion() versionInfo {
	v := versionInfo{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: vec.CPU().String()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Module, v.Version = info.Main.Path, info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func versionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print which build this is",
		Example: "  zoetrope version\n  zoetrope version --json",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.printVersion() },
	}
}

func (a *app) printVersion() error {
	v := readVersion()
	if a.JSON {
		return a.PrintJSON(v)
	}
	revision := v.Revision
	if revision == "" {
		revision = "built without version control"
	} else if v.Modified {
		revision += " and local changes"
	}
	_, err := fmt.Fprintf(a.Stdout, "zoetrope %s (%s)\n%s %s/%s, %s kernels\n", v.Version, revision, v.Go, v.OS, v.Arch, v.CPU)
	return err
}
